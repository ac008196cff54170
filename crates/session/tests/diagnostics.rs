//! What broken documents are told: each `broken/*.toml` beside the findings it must give. `BLESS=1` writes them anew.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{registry, rendered};
use tonmeister_session::parse;

fn broken() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    all.sort();
    all
}

#[test]
fn broken_documents_are_explained() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut differ = Vec::new();
    for path in broken() {
        let text = fs::read_to_string(&path).unwrap();
        let found = match parse(&text, &registry()) {
            Ok(document) => document.warnings().to_vec(),
            Err(found) => found,
        };
        assert!(!found.is_empty(), "{} is not broken", path.display());
        for d in &found {
            assert!(d.span.as_ref().is_none_or(|span| text.get(span.clone()).is_some()), "{d:?}");
        }
        let got = rendered(&text, &found);
        let golden = path.with_extension("txt");
        if bless {
            fs::write(&golden, &got).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default().replace("\r\n", "\n") != got {
            differ.push(format!("{}:\n{got}", golden.display()));
        }
    }
    assert!(differ.is_empty(), "these differ (BLESS=1 accepts them):\n{}", differ.join("\n"));
}
