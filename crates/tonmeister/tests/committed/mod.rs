//! Pages that the program writes and the repository keeps: what is committed must not drift.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Holds every file of a folder below `docs` to its page, by name and text; with `BLESS=1` writes them anew, and takes
/// away what belongs to no page.
pub(crate) fn hold(folder: &str, pages: &[(&str, &str)]) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(folder);
    let names: BTreeSet<&str> = pages.iter().map(|(name, _)| *name).collect();
    let bless = std::env::var_os("BLESS").is_some();
    if bless {
        fs::create_dir_all(&place).unwrap();
    }
    let mut drifted = Vec::new();
    for (name, text) in pages {
        let path = place.join(name);
        let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if bless && found != *text {
            fs::write(&path, text).unwrap();
        } else if found != *text {
            drifted.push((*name).to_owned());
        }
    }
    for file in fs::read_dir(&place).unwrap() {
        let name = file.unwrap().file_name().to_string_lossy().into_owned();
        if bless && !names.contains(name.as_str()) {
            fs::remove_file(place.join(&name)).unwrap();
        } else if !names.contains(name.as_str()) {
            drifted.push(format!("{name} (nothing it is the page of)"));
        }
    }
    assert!(drifted.is_empty(), "docs/{folder} has drifted; BLESS=1 writes it anew: {}", drifted.join(", "));
}
