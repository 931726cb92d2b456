//! What a file seems to be that is not what its name says.

use std::io::{self, Cursor, Read};

/// How many bytes tell.
const HEAD: usize = 8;

/// What files of other kinds begin with.
const KINDS: [(&[u8], &str); 20] = [
    (b"\x1F\x8B", "gzip (name it .csv.gz or .tsv.gz)"),
    (
        b"\x28\xB5\x2F\xFD",
        "Zstandard (name it .csv.zst or .tsv.zst)",
    ),
    (b"PAR1", "Parquet (name it .parquet)"),
    (b"PARE", "Parquet with an encrypted footer"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook"),
    (b"\xFD7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"7z\xBC\xAF", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x04\x22\x4D\x18", "LZ4"),
    (b"Obj\x01", "Avro"),
    (b"ORC", "ORC"),
    (b"ARROW1", "Arrow"),
    (b"SQLite ", "a database"),
    (b"%PDF", "PDF"),
    (b"<", "HTML or XML"),
    (b"{", "JSON"),
    (b"[{", "JSON"),
    (b"\x00\x00\xFE\xFF", "UTF-32 (save it as UTF-8)"),
];

/// What bytes seem to be that begin like this; none if they may well be a table's text.
pub(super) fn seems(head: &[u8]) -> Option<&'static str> {
    let known = KINDS.iter().find(|(magic, _)| head.starts_with(magic));
    known.map(|&(_, kind)| kind).or_else(|| wide(head))
}

/// Text of two or four bytes a character, with or without a byte order mark.
fn wide(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xFF, 0xFE, 0, 0, ..] => Some("UTF-32 (save it as UTF-8)"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16 (save it as UTF-8)"),
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] if *a != 0 && *b != 0 => {
            Some("UTF-16 (save it as UTF-8)")
        }
        _ => None,
    }
}

/// The first bytes of a reader, and the reader as if they were still in it.
pub(super) fn peek<R: Read>(mut bytes: R) -> io::Result<(Vec<u8>, impl Read)> {
    let mut head = Vec::with_capacity(HEAD);
    bytes.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kinds_are_recognised() {
        for (head, kind) in [
            (&b"\x1F\x8B\x08\x00"[..], "gzip"),
            (b"PK\x03\x04\x14\x00", "Excel"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"\xFF\xFEa\0c\0c\0", "UTF-16"),
            (b"\xFE\xFF\0a\0c\0c", "UTF-16"),
            (b"a\0c\0c\0o\0", "UTF-16"),
            (b"\0a\0c\0c\0o", "UTF-16"),
            (b"\xFF\xFE\0\0a\0\0\0", "UTF-32"),
            (b"{\"event_", "JSON"),
            (b"<!DOCTYP", "HTML"),
        ] {
            assert!(
                seems(head).is_some_and(|found| found.contains(kind)),
                "{head:?}"
            );
        }
    }

    #[test]
    fn text_passes_unchanged() {
        for text in [
            "",
            "a",
            "user_id,",
            "\u{feff}user_id,kind\n",
            "\"a\",b\r\n1,2",
        ] {
            let (head, mut bytes) = peek(text.as_bytes()).unwrap();
            assert_eq!(seems(&head), None, "{text:?}");
            let mut all = String::new();
            bytes.read_to_string(&mut all).unwrap();
            assert_eq!(all, text);
        }
    }
}
