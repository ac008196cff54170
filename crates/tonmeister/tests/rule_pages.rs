//! The pages of `docs/rules` follow from the rules; what is committed must not drift. `BLESS=1` writes them anew.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tonmeister::rule_pages::pages;
use tonmeister_measure::check::{rules::RULES, specs};
use tonmeister_session::parse;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}

#[test]
fn the_committed_pages_are_those_of_the_rules() {
    let (pages, folder) = (pages(), folder());
    let names: BTreeSet<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    let bless = std::env::var_os("BLESS").is_some();
    if bless {
        fs::create_dir_all(&folder).unwrap();
    }
    let mut drifted = Vec::new();
    for page in &pages {
        let path = folder.join(&page.name);
        let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if bless && found != page.text {
            fs::write(&path, &page.text).unwrap();
        } else if found != page.text {
            drifted.push(page.name.clone());
        }
    }
    for file in fs::read_dir(&folder).unwrap() {
        let name = file.unwrap().file_name().to_string_lossy().into_owned();
        if bless && !names.contains(name.as_str()) {
            fs::remove_file(folder.join(&name)).unwrap();
        } else if !names.contains(name.as_str()) {
            drifted.push(format!("{name} (of no rule)"));
        }
    }
    assert!(
        drifted.is_empty(),
        "docs/rules has drifted from the rules; BLESS=1 writes it anew: {}",
        drifted.join(", ")
    );
}

#[test]
fn the_examples_are_valid() {
    let registry = tonmeister_dsp::rack().with_rules(specs());
    let mut examples = 0;
    for page in pages() {
        for block in page.text.split("```toml\n").skip(1) {
            let example = block.split("```").next().unwrap();
            let text = format!("[song]\nsample_rate_hz = 48000\n\n{example}");
            let found = parse(&text, &registry).map(|document| document.warnings().to_vec());
            assert_eq!(found, Ok(Vec::new()), "{}:\n{text}", page.name);
            examples += 1;
        }
    }
    assert_eq!(examples, RULES.len());
}

/// The chapter's examples are read by the program, and every rule that it speaks of is there.
#[test]
fn the_chapter_says_what_is_so() {
    let chapter = fs::read_to_string(folder().join("../check.md")).unwrap().replace("\r\n", "\n");
    let registry = tonmeister_dsp::rack().with_rules(specs());
    let mut examples = 0;
    for block in chapter.split("```toml\n").skip(1) {
        let example = block.split("```").next().unwrap();
        let found = parse(example, &registry).map(|document| document.warnings().to_vec());
        assert_eq!(found, Ok(Vec::new()), "{example}");
        examples += 1;
    }
    assert!(examples > 0);
    let words = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    for id in words.filter(|word| word.contains('-')) {
        assert!(RULES.iter().any(|rule| rule.id == id), "there is no rule `{id}`");
    }
}
