//! Keeps the house as it was drawn: who may import whom, which words a layer does not know, how files look.
//!
//! It reads the sources as text, with comments taken out, because a rule about names needs no compiler. Test modules may reach
//! further than the code they test, so import rules and words bind the rest only. Every message names a file and a line.

#![expect(clippy::expect_used, reason = "a source that cannot be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Longest file of the sources, in lines.
const LONGEST_FILE: usize = 400;

/// Files that may be longer: file, lines, and why.
const LONG_FILES: [(&str, usize, &str); 0] = [];

/// Which modules each module may name after `crate::`. The composition root may name all, so it has no row.
const IMPORTS: [(&str, &[&str]); 14] = [
    ("domain", &["domain"]),
    ("background", &["background", "domain", "lifecycle", "metrics"]),
    ("chat", &["chat", "background", "domain", "lifecycle", "metrics"]),
    // Answers to inbound messages take the same lane as notices, so delivery implements a port of chat.
    ("delivery", &["delivery", "chat", "background", "domain", "lifecycle", "metrics"]),
    ("runner", &["runner", "background", "domain", "config", "lifecycle", "metrics"]),
    ("adapters", &["adapters", "background", "chat", "delivery", "domain", "config", "lifecycle", "metrics"]),
    ("web", &["web", "background", "chat", "delivery", "domain", "config", "lifecycle", "metrics"]),
    ("simulator", &["simulator", "domain", "config"]),
    // The whole application over the simulator: it names no adapter, because it takes the same way as the server.
    ("demo", &["demo", "app", "cli", "config", "domain", "lifecycle", "simulator", "telemetry", "web"]),
    ("config", &["config", "domain"]),
    ("cli", &["cli", "config", "domain"]),
    ("lifecycle", &["lifecycle"]),
    ("metrics", &["metrics", "domain"]),
    ("telemetry", &["telemetry"]),
];

/// What the program itself may name of the library.
const MAIN: &[&str] = &["app", "cli", "config", "demo", "telemetry", "lifecycle"];

/// Who may know which section of the configuration; nobody takes the whole.
const SECTIONS: [(&str, &[&str]); 5] = [
    ("src/adapters/telegram", &["TelegramConfig"]),
    ("src/adapters/discord", &["DiscordConfig"]),
    ("src/adapters/ledger", &["StoreConfig"]),
    ("src/runner", &["LlmConfig"]),
    ("src/web", &["ServerConfig"]),
];

/// Words that do not occur in the code of a folder, in whatever case.
const WORDS: [(&str, &[&str]); 10] = [
    (
        "src/domain",
        &["async fn", "async move", "tokio", "tracing", "utc::now", "systemtime", "instant::now", "std::fs", "std::net"],
    ),
    ("src/domain", &["telegram", "discord", "reqwest", "axum", "rusqlite", "serenity", "teloxide", "async_openai"]),
    ("src/background", &["telegram", "discord", "reqwest", "axum", "rusqlite", "serenity", "teloxide", "async_openai"]),
    ("src/chat", &["telegram", "discord", "reqwest", "axum", "rusqlite", "serenity", "teloxide", "async_openai"]),
    ("src/delivery", &["telegram", "discord", "reqwest", "axum", "rusqlite", "serenity", "teloxide", "async_openai"]),
    ("src/runner", &["telegram", "discord", "axum", "rusqlite", "serenity", "teloxide"]),
    ("src/config", &["reqwest", "axum", "rusqlite", "serenity", "teloxide", "async_openai"]),
    ("src/web", &["reqwest", "rusqlite", "serenity", "teloxide", "async_openai"]),
    // It must not inherit the misunderstandings of the crates whose use it checks.
    ("src/simulator", &["serenity", "teloxide", "async_openai"]),
    ("src/adapters/ledger", &["telegram", "discord", "reqwest", "axum", "serenity", "teloxide", "async_openai"]),
];

/// Where a word may stand all the same: file, the text around it, and why.
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// Names of files that say nothing.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "common", "helpers", "types", "misc"];

/// One line of a file.
struct Line {
    number: usize,
    /// Without comments.
    text: String,
    /// Without comments and without what is in quotes.
    code: String,
    /// Whether it belongs to a test.
    test: bool,
}

struct Source {
    path: String,
    raw: String,
    lines: Vec<Line>,
}

impl Source {
    fn is_in(&self, folder: &str) -> bool {
        self.path == format!("{folder}.rs") || self.path.starts_with(&format!("{folder}/"))
    }

    /// The first part of the path inside `src`: `domain` of `src/domain/task.rs`, `cli` of `src/cli.rs`.
    fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    fn production(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.test)
    }
}

/// All Rust files below a folder of the repository, in order.
fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join(folder), &mut paths);
    paths.sort();
    let mut sources: Vec<Source> = paths.iter().map(|path| read(root, path)).collect();
    assert!(!sources.is_empty(), "there are no sources in {folder}");
    let test_modules: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for source in &mut sources {
        let all_test = source.is_in("tests") || test_modules.iter().any(|module| source.is_in(module));
        source.lines.iter_mut().for_each(|line| line.test |= all_test);
    }
    sources
}

/// The modules of files of their own that are compiled for tests only, as paths without `.rs`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = source.path.trim_end_matches(".rs");
    let folder = ["/mod", "/lib", "/main"].iter().find_map(|file| folder.strip_suffix(file)).unwrap_or(folder);
    let declared = source.lines.windows(2).filter(|pair| pair[0].code.trim() == "#[cfg(test)]");
    let names = declared.filter_map(|pair| pair[1].code.trim().strip_suffix(';')?.rsplit("mod ").next());
    names.map(|name| format!("{folder}/{name}")).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> Source {
    let raw = fs::read_to_string(path).expect("a source file");
    let path = path.strip_prefix(root).expect("inside the repository").to_string_lossy().replace('\\', "/");
    let (text, code) = without_comments(&raw);
    let mut lines: Vec<Line> = text
        .lines()
        .zip(code.lines())
        .enumerate()
        .map(|(at, (text, code))| Line { number: at + 1, text: text.to_owned(), code: code.to_owned(), test: false })
        .collect();
    // A test module stands at the end of its file.
    let module = lines.windows(2).position(|pair| {
        pair[0].code.trim() == "#[cfg(test)]" && pair[1].code.trim().starts_with("mod ") && pair[1].code.contains('{')
    });
    if let Some(module) = module {
        lines[module..].iter_mut().for_each(|line| line.test = true);
    }
    Source { path, raw, lines }
}

/// The source without comments, with and without what is in quotes. Lines stay where they are.
fn without_comments(raw: &str) -> (String, String) {
    let (mut text, mut code) = (String::new(), String::new());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let (skipped, is_comment) = token(rest, text.chars().next_back());
        let (piece, after) = rest.split_at(skipped.unwrap_or(c.len_utf8()));
        rest = after;
        let newlines: String = piece.chars().filter(|c| *c == '\n').collect();
        text += if is_comment { &newlines } else { piece };
        code += if skipped.is_some() { &newlines } else { piece };
    }
    (text, code)
}

/// The length of the comment or the quoted text that begins here, if one does, and whether it is a comment.
fn token(rest: &str, before: Option<char>) -> (Option<usize>, bool) {
    if rest.starts_with("//") {
        return (Some(rest.find('\n').unwrap_or(rest.len())), true);
    }
    if rest.starts_with("/*") {
        return (Some(rest.find("*/").map_or(rest.len(), |end| end + 2)), true);
    }
    let word_before = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let raw = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r').filter(|_| !word_before);
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if let Some(inner) = raw[hashes..].strip_prefix('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = rest.len() - inner.len();
            return (Some(inner.find(&end).map_or(rest.len(), |at| begin + at + end.len())), false);
        }
    }
    if rest.starts_with('"') {
        return (Some(quoted(rest, '"')), false);
    }
    // A lifetime has no second quote after one character.
    let mut chars = rest.chars();
    let is_char = chars.next() == Some('\'') && (chars.next() == Some('\\') || chars.next() == Some('\''));
    (is_char.then(|| quoted(rest, '\'')), false)
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The names that follow `prefix` in a line: `domain` of `use crate::domain::id`.
fn names_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let ends_word = |before: &str| before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    let found = code.match_indices(prefix).filter(|(at, _)| !ends_word(&code[..*at]));
    found
        .map(|(at, _)| {
            let rest = &code[at + prefix.len()..];
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .collect()
}

/// Fails with all violations of a rule.
fn hold(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}:\n  {}", violations.join("\n  "));
}

#[test]
fn imports_go_one_way() {
    let mut violations = Vec::new();
    for source in sources("src") {
        let module = source.module();
        let (prefix, allowed) = match module {
            "lib" | "app" => continue,
            "main" => ("legwork::", MAIN),
            module => {
                let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == module) else {
                    violations.push(format!("{}:1: `{module}` has no row in the table of imports", source.path));
                    continue;
                };
                ("crate::", *allowed)
            }
        };
        for line in source.production() {
            for name in names_after(&line.code, prefix).into_iter().filter(|name| !allowed.contains(name)) {
                violations.push(format!("{}:{}: `{module}` must not know `{name}`", source.path, line.number));
            }
        }
    }
    hold("a module names only what its row in the table of imports allows", &violations);
}

#[test]
fn adapters_do_not_know_each_other() {
    let sources = sources("src/adapters");
    let adapter = |path: &str| path.split('/').nth(2).map(|name| name.trim_end_matches(".rs").to_owned());
    let mut adapters: Vec<String> = sources.iter().filter_map(|source| adapter(&source.path)).collect();
    adapters.retain(|name| name != "mod");
    let mut violations = Vec::new();
    for source in &sources {
        let own = adapter(&source.path);
        for line in source.production() {
            let mut names = names_after(&line.code, "crate::adapters::");
            if source.path.ends_with("/mod.rs") {
                names.extend(names_after(&line.code, "super::"));
            }
            for name in names.into_iter().filter(|name| adapters.iter().any(|adapter| adapter == name)) {
                if own.as_deref() != Some(name) {
                    violations.push(format!("{}:{}: knows the adapter `{name}`", source.path, line.number));
                }
            }
        }
    }
    hold("adapters do not know each other", &violations);
}

#[test]
fn a_component_takes_its_own_section_of_the_configuration() {
    let mut violations = Vec::new();
    for source in sources("src") {
        let sections = SECTIONS.iter().find(|(folder, _)| source.is_in(folder)).map(|(_, sections)| *sections);
        if ["app", "demo", "main", "lib", "config", "cli", "simulator"].contains(&source.module()) {
            continue;
        }
        for line in source.production() {
            for name in names_after(&line.code, "crate::config::") {
                if !sections.unwrap_or_default().contains(&name) {
                    violations.push(format!("{}:{}: `config::{name}` is not its section", source.path, line.number));
                }
            }
        }
    }
    hold("a component takes its own section of the configuration, one `use` per section", &violations);
}

#[test]
fn layers_do_not_know_foreign_words() {
    let sources = sources("src");
    let mut violations = Vec::new();
    let mut used = [false; EXCEPTIONS.len()];
    for (folder, words) in WORDS {
        for source in sources.iter().filter(|source| source.is_in(folder)) {
            for line in source.production() {
                let mut text = line.text.clone();
                for (at, (path, exception, _)) in EXCEPTIONS.iter().enumerate() {
                    if source.path == *path && text.contains(exception) {
                        used[at] = true;
                        text = text.replace(exception, "");
                    }
                }
                let text = text.to_lowercase();
                for word in words.iter().filter(|word| text.contains(*word)) {
                    violations.push(format!("{}:{}: `{word}` does not belong into {folder}", source.path, line.number));
                }
            }
        }
    }
    let stale = EXCEPTIONS.iter().zip(used).filter(|(_, used)| !used);
    violations.extend(stale.map(|((path, text, _), _)| format!("{path}:1: the exception for \"{text}\" is not needed any more")));
    hold("a layer does not know the words of another", &violations);
}

#[test]
fn files_say_what_they_are_for_and_stay_small() {
    let mut violations = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let path = &source.path;
        if !source.raw.starts_with("//! ") {
            violations.push(format!("{path}:1: does not begin with `//!` and what it is for"));
        }
        let lines = source.raw.lines().count();
        let longest = LONG_FILES.iter().find(|(long, _, _)| path == long).map_or(LONGEST_FILE, |(_, longest, _)| *longest);
        if path.starts_with("src/") && lines > longest {
            violations.push(format!("{path}:{lines}: has more than {longest} lines; split it by concept"));
        }
        for part in path.trim_end_matches(".rs").split('/').filter(|part| EMPTY_NAMES.contains(part)) {
            violations.push(format!("{path}:1: `{part}` does not say what is in it"));
        }
    }
    hold("a file says what it is for and stays small", &violations);
}

#[test]
fn imports_are_spelled_out() {
    let mut violations = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for line in &source.lines {
            let code = line.code.trim();
            let is_use = code.starts_with("use ") || code.starts_with("pub use ") || code.starts_with("pub(crate) use ");
            let usual_in_tests = line.test && (code.ends_with("super::*;") || code.ends_with("prelude::*;"));
            let wrong = [
                (is_use && code.contains("::*") && !usual_in_tests, "a glob import"),
                (code.contains("use crate::{"), "several modules in one import"),
                (code.contains("super::super"), "`super::super`"),
            ];
            let wrong = wrong.iter().filter(|(wrong, _)| *wrong);
            violations.extend(wrong.map(|(_, what)| format!("{}:{}: {what}", source.path, line.number)));
        }
    }
    hold("an import names one module and its items", &violations);
}

#[test]
fn production_code_does_not_ask_whether_it_is_tested() {
    let mut violations = Vec::new();
    for source in sources("src") {
        for (at, line) in source.lines.iter().enumerate() {
            let next = source.lines.get(at + 1).map(|line| line.code.trim()).unwrap_or_default();
            let module = next.starts_with("mod ") || next.starts_with("pub(crate) mod ");
            if line.code.contains("cfg(test)") && !module || line.code.contains("cfg!(test)") {
                violations.push(format!("{}:{}: a switch for tests", source.path, line.number));
            }
        }
    }
    hold("only test modules are compiled for tests only", &violations);
}

#[test]
fn tests_run_always_and_wait_for_conditions() {
    let mut violations = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for line in &source.lines {
            if line.code.contains("#[ignore") || line.code.contains("#[should_panic") {
                violations.push(format!("{}:{}: a test that does not run or wants a panic", source.path, line.number));
            }
            let sleeps = line.code.contains("thread::sleep") || line.code.contains("time::sleep");
            if source.path.starts_with("tests/") && sleeps {
                violations.push(format!("{}:{}: sleeps instead of waiting for a condition", source.path, line.number));
            }
        }
    }
    hold("tests run always, and wait for conditions", &violations);
}

#[test]
fn the_scanner_knows_comments_from_quotes() {
    let check = |raw: &str, text: &str, code: &str| {
        assert_eq!(without_comments(raw), (text.to_owned(), code.to_owned()), "{raw}");
    };
    check("a // b \"c\"\nd", "a \nd", "a \nd");
    check("f(\"// no \\\" c\") /* x\ny */ z", "f(\"// no \\\" c\") \n z", "f() \n z");
    check("r#\"a \" // b\"# + 'c' + '\"' + b\"x\"", "r#\"a \" // b\"# + 'c' + '\"' + b\"x\"", " +  +  + b");
    check("fn f<'a>(x: &'a str) {} // it's", "fn f<'a>(x: &'a str) {} ", "fn f<'a>(x: &'a str) {} ");
    assert_eq!(names_after("use crate::domain::id; crate::web::x(); mycrate::no", "crate::"), ["domain", "web"]);
}
