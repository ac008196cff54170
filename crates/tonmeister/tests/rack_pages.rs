//! The pages of `docs/rack` follow from the rack; what is committed must not drift. `BLESS=1` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tonmeister::rack_pages::{Page, pages};
use tonmeister_session::parse;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rack")
}

fn made() -> Vec<Page> {
    pages(&tonmeister_dsp::rack()).expect("every effect can be shown")
}

#[test]
fn the_committed_pages_are_those_of_the_rack() {
    let (pages, folder) = (made(), folder());
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
            drifted.push(format!("{name} (of no effect)"));
        }
    }
    assert!(drifted.is_empty(), "docs/rack has drifted from the rack; BLESS=1 writes it anew: {}", drifted.join(", "));
}

#[test]
fn the_examples_are_valid_and_the_pictures_small() {
    let rack = tonmeister_dsp::rack();
    let mut examples = 0;
    for page in made() {
        assert!(page.text.len() < 30_000, "{} has {} bytes", page.name, page.text.len());
        assert!(!page.text.contains("NaN") && !page.text.contains("inf,"), "{}", page.name);
        for block in page.text.split("```toml\n").skip(1) {
            let example = block.split("```").next().unwrap();
            let found = parse(example, &rack).map(|document| document.warnings().to_vec());
            assert_eq!(found, Ok(Vec::new()), "{}:\n{example}", page.name);
            examples += 1;
        }
    }
    assert_eq!(examples, rack.specs().count());
}
