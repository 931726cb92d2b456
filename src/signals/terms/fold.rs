//! Folding: text as the list of topics spells it.

/// The words of a text: lower case, without accents; characters of scripts written without spaces are words of their own.
///
/// # Complexity
/// O(n) for n characters.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in text.chars().flat_map(char::to_lowercase).map(narrow) {
        if is_invisible(letter) {
            continue;
        }
        if is_word_of_its_own(letter) {
            words.extend([letter.to_string(), String::new()]);
        } else if letter.is_alphanumeric() || is_mark(letter) {
            push(words.last_mut().expect("there is a first word"), letter);
        } else {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Signs inside a word of Indic scripts are neither letters nor breaks.
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{0900}'..='\u{0DFF}')
}

fn push(word: &mut String, letter: char) {
    match letter {
        'ß' => word.push_str("ss"),
        'æ' => word.push_str("ae"),
        'œ' => word.push_str("oe"),
        _ => word.push(without_accent(letter)),
    }
}

/// Full-width forms are ASCII, further on.
fn narrow(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(letter) - 0xFEE0).expect("the form is ASCII, further on")
        }
        _ => letter,
    }
}

/// Combining accents, joiners, soft hyphens and marks that say nothing.
const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{0300}'..='\u{036F}' | '\u{064B}'..='\u{0652}' | '\u{0640}'
        | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// Han, Kana, Hangul and Thai.
const fn is_word_of_its_own(letter: char) -> bool {
    matches!(letter, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{0E00}'..='\u{0E7F}')
}

/// Latin letters as Western keyboards have them; Arabic alef and Cyrillic yo in their plain forms.
const fn without_accent(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ё' => 'е',
        'أ' | 'إ' | 'آ' => 'ا',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn text_is_folded_the_same_however_it_is_typed() {
        for (typed, folded) in [
            ("Depresión", "depresion"),
            ("same-sex  MARRIAGE", "same sex marriage"),
            ("Grüne Straße", "grune strasse"),
            ("ci\u{200B}ga\u{301}", "ciga"),
            ("ＬＧＢＴ", "lgbt"),
            ("İSTANBUL", "istanbul"),
            ("癌症ABC", "癌 症 abc"),
            ("l'église", "l eglise"),
            ("", ""),
            (" – ", ""),
        ] {
            assert_eq!(words(typed).join(" "), folded, "{typed:?}");
        }
    }
}
