//! Every verb explains itself: its help fits a terminal, ends with an example, and the example's arguments are ones that it takes.

use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_acquaint");

fn help(verb: &[String]) -> String {
    let told = Command::new(PROGRAM)
        .args(verb)
        .arg("--help")
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(0), "{verb:?}");
    String::from_utf8(told.stdout).unwrap()
}

/// The verbs that a help page lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let name = |line: &str| {
        let is_name = line.starts_with("  ") && !line.starts_with("   ");
        is_name.then(|| line.split_whitespace().next().unwrap().to_owned())
    };
    let names = lines.filter_map(name);
    names.filter(|name| name != "help").collect()
}

/// Every verb with its help, below those that only group others.
fn verbs() -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(verb) = open.pop() {
        let help = help(&verb);
        let below = |name: String| [verb.clone(), vec![name]].concat();
        let inner: Vec<Vec<String>> = listed(&help).into_iter().map(below).collect();
        open.extend(inner);
        found.push((verb, help));
    }
    found.sort();
    found
}

/// What examples begin with; anything else is a line that was broken.
const BEGINNINGS: [&str; 6] = ["acquaint ", "printf ", "echo ", "head ", "chmod ", "man "];

/// The commands of the example at the end, a backslash joining two lines.
fn examples(help: &str) -> Vec<String> {
    let after = help
        .split_once("\nExample:\n")
        .map_or("", |(_, after)| after);
    let joined = after.replace("\\\n", " ").replace(" && ", "\n");
    let commands = joined.replace(" | ", "\n");
    commands
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn every_help_fits_a_terminal_and_ends_with_an_example() {
    let all = verbs();
    assert!(all.len() > 30, "{}", all.len());
    let mut wrong = Vec::new();
    for (verb, help) in &all {
        let wide = help.lines().filter(|line| line.chars().count() > 80);
        wrong.extend(wide.map(|line| format!("{verb:?} is too wide: {line}")));
        let groups = help.contains("\nCommands:\n") && !verb.is_empty();
        if !groups && examples(help).is_empty() {
            wrong.push(format!("{verb:?} has no example"));
        }
        let is_whole = |line: &String| BEGINNINGS.iter().any(|begin| line.starts_with(begin));
        let broken = examples(help).into_iter().filter(|line| !is_whole(line));
        wrong.extend(broken.map(|line| format!("{verb:?} has a broken example: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_names_a_verb_and_options_that_are_there() {
    let all = verbs();
    let mut wrong = Vec::new();
    for (verb, help) in &all {
        for line in examples(help) {
            let Some(arguments) = line.strip_prefix("acquaint ") else {
                continue;
            };
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let known = all.iter().filter(|(other, _)| {
                arguments.len() >= other.len() && other.iter().zip(&arguments).all(|(a, b)| a == b)
            });
            let (_, of) = known.max_by_key(|(other, _)| other.len()).unwrap();
            let options = arguments
                .iter()
                .filter(|word| word.starts_with("--") && word.len() > 2);
            for option in options {
                let name = option.split('=').next().unwrap();
                if !of.contains(name) {
                    wrong.push(format!(
                        "{verb:?}: `{line}` has {name}, which the verb has not"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
