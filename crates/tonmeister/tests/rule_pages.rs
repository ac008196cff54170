//! The pages of `docs/rules` follow from the rules; what is committed must not drift. `BLESS=1` writes them anew.
#![allow(missing_docs)]

mod committed;

use tonmeister::rule_pages::pages;
use tonmeister_measure::check::{rules::RULES, specs};
use tonmeister_session::parse;

#[test]
fn the_committed_pages_are_those_of_the_rules() {
    let pages = pages();
    committed::hold("rules", &pages.iter().map(|page| (page.name.as_str(), page.text.as_str())).collect::<Vec<_>>());
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
    let chapter = include_str!("../../../docs/check.md").replace("\r\n", "\n");
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
