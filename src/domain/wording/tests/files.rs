//! The files of sentences fit each other and the functions that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_bundle::FluentResource;

use crate::domain::command::{CATALOGUE, OptionKind};
use crate::domain::failure::FailureCode;
use crate::domain::language::Language;
use crate::domain::notice::NoticeKind;
use crate::domain::status::Status;
use crate::domain::wording;

/// The keys of a language's file, each with the names of the values it takes.
fn keys(language: Language) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut keys: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut current = None;
    for line in language.sentences().lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let key = line.split_once(" =").map_or_else(|| panic!("no sentence: {line}"), |(key, _)| key);
            assert!(keys.insert(key, BTreeSet::new()).is_none(), "{language}: {key} stands there twice");
            current = Some(key);
        }
        let values = line.split('$').skip(1);
        let values = values.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default());
        if let Some(taken) = current.and_then(|key| keys.get_mut(key)) {
            taken.extend(values);
        }
    }
    keys
}

/// The sources of the functions, without their tests.
fn sources() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/wording");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let sources = sources.map(|path| fs::read_to_string(path).unwrap());
    sources.map(|source| source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()).collect()
}

/// Keys that functions make from words of the domain.
fn made_keys() -> BTreeSet<String> {
    let family = |name: &str, words: &[&str]| words.iter().map(|word| format!("{name}-{word}")).collect::<Vec<_>>();
    let commands: Vec<_> = CATALOGUE.iter().map(|spec| spec.name.as_str()).collect();
    let options: Vec<_> = CATALOGUE.iter().flat_map(|spec| spec.options).collect();
    let names: Vec<_> = options.iter().map(|option| option.name).collect();
    // The prompt has sentences of its own, and what names a task too.
    let checked = options.iter().filter(|option| option.kind == OptionKind::Text && option.name != "prompt");
    let checked: Vec<_> = checked.map(|option| option.name).collect();
    let codes = FailureCode::values().map(FailureCode::as_str);
    let own = ["option-notify-quiet", "option-notify-to"].map(str::to_owned).to_vec();
    let families = [
        own,
        family("command", &commands),
        family("usage", &commands),
        family("help", &commands),
        family("option", &names),
        family("value", &checked),
        // What a setting of /notify wants that is no option by itself.
        family("value", &["switch", "setting", "targets"]),
        family("failure", &codes),
        family("state", &Status::values().map(Status::as_str)),
        family("kind", &NoticeKind::values().map(NoticeKind::as_str)),
    ];
    families.into_iter().flatten().collect()
}

#[test]
fn every_file_can_be_read_whole() {
    for language in Language::ALL {
        let read = FluentResource::try_new(language.sentences().to_owned());
        let read = read.unwrap_or_else(|(_, errors)| panic!("{language}: {errors:?}"));
        assert_eq!(read.entries().filter(|entry| format!("{entry:?}").starts_with("Message")).count(), keys(*language).len());
    }
}

#[test]
fn every_language_has_the_sentences_and_values_of_english() {
    let english = keys(Language::En);
    for language in Language::ALL {
        let spoken = keys(*language);
        let missing: Vec<_> = english.keys().filter(|key| !spoken.contains_key(*key)).collect();
        let unknown: Vec<_> = spoken.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "{language} lacks {missing:?} and has {unknown:?} too many");
        for (key, values) in &english {
            // The parts of a date may be left out or put in another order, like all values; none may be invented.
            assert_eq!(&spoken[key], values, "{language}: {key}");
        }
    }
}

#[test]
fn every_sentence_is_used_and_every_one_used_exists() {
    let (english, sources, made) = (keys(Language::En), sources(), made_keys());
    let unused: Vec<_> = english.keys().filter(|key| !sources.contains(&format!("\"{key}\"")) && !made.contains(**key)).collect();
    assert!(unused.is_empty(), "no function says {unused:?}");
    let is_key = |text: &str| {
        let words: Vec<&str> = text.split('-').collect();
        words.len() > 1 && words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    let named = sources.split('"').filter(|text| is_key(text)).map(str::to_owned);
    let missing: Vec<_> = named.chain(made).filter(|key| !english.contains_key(key.as_str())).collect();
    assert!(missing.is_empty(), "there are no sentences for {missing:?}");
}

#[test]
fn descriptions_fit_the_menus_of_platforms() {
    for language in Language::ALL {
        for spec in CATALOGUE {
            let options = spec.options.iter().map(|option| wording::option_description(*language, spec.name, option.name));
            for text in options.chain([wording::command_description(*language, spec.name)]) {
                assert!((3..=100).contains(&text.chars().count()) && !text.contains('\n'), "{language}: {text}");
            }
        }
    }
}
