//! The invariants of the house (ARCHITECTURE.md), guarded by a machine.
//!
//! Most of them are absences: an arrow that must not exist, a word that must not occur. Each test collects every
//! breach before it fails, so that one run shows the whole picture.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Every room, and the rooms it may use. Arrows point downwards only.
const ARROWS: &[(&str, &[&str])] = &[
    ("tonmeister-core", &[]),
    ("tonmeister-dsp", &["tonmeister-core"]),
    ("tonmeister-media", &["tonmeister-core"]),
    ("tonmeister-session", &["tonmeister-core"]),
    ("tonmeister-measure", &["tonmeister-core", "tonmeister-dsp"]),
    ("tonmeister-engine", &["tonmeister-core", "tonmeister-session"]),
    ("tonmeister-live", &["tonmeister-core", "tonmeister-session", "tonmeister-engine"]),
    ("tonmeister-report", &["tonmeister-core", "tonmeister-measure"]),
    (
        "tonmeister-release",
        &[
            "tonmeister-core",
            "tonmeister-dsp",
            "tonmeister-measure",
            "tonmeister-media",
            "tonmeister-session",
            "tonmeister-engine",
        ],
    ),
    (
        "tonmeister",
        &[
            "tonmeister-core",
            "tonmeister-dsp",
            "tonmeister-measure",
            "tonmeister-media",
            "tonmeister-session",
            "tonmeister-engine",
            "tonmeister-live",
            "tonmeister-report",
            "tonmeister-release",
        ],
    ),
    ("tonmeister-cli", &["tonmeister"]),
];

/// What stands in a room's dependencies only when it is one of these rooms.
const RESERVED: &[(&str, &[&str])] = &[
    ("rtrb", &["tonmeister-live"]),
    ("cpal", &["tonmeister-live"]),
    ("thread-priority", &["tonmeister-live"]),
    ("symphonia", &["tonmeister-media"]),
    ("flac-codec", &["tonmeister-media"]),
    ("lofty", &["tonmeister-media"]),
    ("image", &["tonmeister-media"]),
    ("opus-pure", &["tonmeister-media"]),
    ("rayon", &["tonmeister-engine", "tonmeister-measure", "tonmeister-release", "tonmeister"]),
    ("blake3", &["tonmeister-engine", "tonmeister-release", "tonmeister"]),
    ("clap", &["tonmeister-cli"]),
    ("clap_complete", &["tonmeister-cli"]),
    ("clap_mangen", &["tonmeister-cli"]),
    ("indicatif", &["tonmeister-cli"]),
    ("anstream", &["tonmeister-cli"]),
    ("annotate-snippets", &["tonmeister-cli"]),
    ("resvg", &["tonmeister-report"]),
    ("png", &["tonmeister-report"]),
    ("pdf-writer", &["tonmeister-report"]),
    ("subsetter", &["tonmeister-report"]),
    ("rustybuzz", &["tonmeister-report"]),
    ("toml_edit", &["tonmeister-session", "tonmeister-release", "tonmeister"]),
    ("serde_json", &["tonmeister-session", "tonmeister", "tonmeister-cli", "tonmeister-release"]),
    ("serde", &["tonmeister-measure", "tonmeister", "tonmeister-cli", "tonmeister-release"]),
    ("tempfile", &["tonmeister-media", "tonmeister-release", "tonmeister"]),
];

/// Rooms that know neither file system nor thread nor clock nor environment.
const PURE: &[&str] = &["core", "dsp", "session", "report"];
const IMPURE_WORDS: &[&str] = &["std::fs", "std::thread", "std::time", "std::net", "std::env", "std::process"];

/// Only the door speaks to the terminal.
const DOORS: &[&str] = &["cli"];
const PRINTING: &[&str] = &["println!", "eprintln!", "print!", "eprint!", "dbg!"];

/// A file longer than this wants to be several.
const LONGEST_FILE: usize = 800;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace exists")
}

fn metadata() -> Metadata {
    // Without resolving, so that it works with no network and no registry.
    MetadataCommand::new().current_dir(workspace()).no_deps().exec().expect("cargo metadata answers")
}

fn none(breaches: &[String], invariant: &str) {
    assert!(breaches.is_empty(), "{invariant}\n  {}", breaches.join("\n  "));
}

/// The direct dependencies of every package, tests' own left out.
fn dependencies(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let of = |package: &cargo_metadata::Package| {
        let real = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
        (package.name.to_string(), real.map(|d| d.name.clone()).collect())
    };
    metadata.packages.iter().map(of).collect()
}

#[test]
fn arrows_point_only_downwards() {
    let mut breaches = Vec::new();
    let found = dependencies(&metadata());
    for (room, uses) in &found {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == room) else {
            breaches.push(format!("`{room}` is not in the table of rooms"));
            continue;
        };
        let houses = uses.iter().filter(|name| found.contains_key(*name));
        for used in houses.filter(|name| !allowed.contains(&name.as_str())) {
            breaches.push(format!("`{room}` must not use `{used}`"));
        }
    }
    for (room, _) in ARROWS.iter().filter(|(room, _)| !found.contains_key(*room)) {
        breaches.push(format!("`{room}` is in the table of rooms and not in the workspace"));
    }
    none(&breaches, "an arrow between rooms points where it must not:");
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    let mut breaches = Vec::new();
    for (room, uses) in dependencies(&metadata()) {
        for (outside, homes) in RESERVED {
            if uses.contains(*outside) && !homes.contains(&room.as_str()) {
                breaches.push(format!("`{room}` must not use `{outside}`: only {} may", homes.join(", ")));
            }
        }
    }
    none(&breaches, "a crate from outside is used in a room where it has no business:");
}

/// A source file of a room, with tests and comments taken out.
struct Source {
    /// The room's folder name.
    room: String,
    /// From the workspace, for messages.
    name: String,
    /// As it stands on disk.
    whole: String,
    /// Each line's number and code: no comments, no `#[cfg(test)]` modules.
    code: Vec<(usize, String)>,
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What the product is made of: `crates/*/src`, without files that only tests compile.
fn sources() -> Vec<Source> {
    let root = workspace();
    let mut sources = Vec::new();
    for room in fs::read_dir(root.join("crates")).expect("crates/ exists") {
        let room = room.expect("a readable folder").path();
        let mut paths = Vec::new();
        rust_files(&room.join("src"), &mut paths);
        let texts: Vec<String> = paths.iter().map(|p| fs::read_to_string(p).expect("readable source")).collect();
        let test_files: BTreeSet<PathBuf> = paths.iter().zip(&texts).flat_map(|(p, t)| test_modules(p, t)).collect();
        for (path, whole) in paths.into_iter().zip(texts) {
            let below_test = test_files.iter().any(|test| path == *test || path.starts_with(test.with_extension("")));
            let code = if below_test { Vec::new() } else { code_of(&whole) };
            let name = path.strip_prefix(&root).expect("inside the workspace").display().to_string();
            let room = room.file_name().expect("a room has a name").to_string_lossy().into_owned();
            sources.push(Source { room, name, whole, code });
        }
    }
    assert!(sources.len() > 30, "found only {} source files: the scan looks in the wrong place", sources.len());
    sources
}

/// The files behind `#[cfg(test)] mod name;`.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let root_like = path.file_stem().is_some_and(|s| s == "lib" || s == "main" || s == "mod");
    let parent = path.parent().expect("a file has a folder");
    let folder = if root_like { parent.to_path_buf() } else { path.with_extension("") };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").filter_map(|pair| {
        let (visibility, name) = pair[1].strip_suffix(';')?.split_once("mod ")?;
        (visibility.is_empty() || visibility.starts_with("pub")).then_some(())?;
        Some([folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")])
    });
    declared.flatten().collect()
}

/// Line comments go, and everything from an inline `#[cfg(test)] mod … {` on: tests stand at the end of a file.
fn code_of(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let opens_tests = |i: usize| {
        let next = lines.get(i + 1).map_or("", |line| line.trim());
        lines[i].trim() == "#[cfg(test)]" && next.contains("mod ") && next.ends_with('{')
    };
    let end = (0..lines.len()).find(|i| opens_tests(*i)).unwrap_or(lines.len());
    let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_string();
    lines[..end].iter().enumerate().map(|(i, line)| (i + 1, code(line))).collect()
}

/// Whether `word` stands in the line and is not the tail of a longer name.
fn says(line: &str, word: &str) -> bool {
    let of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(of_a_name) && !after.is_some_and(of_a_name)
    })
}

fn find(sources: &[Source], forbidden: &[&str], applies: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources.iter().filter(|source| applies(source)) {
        for (number, line) in &source.code {
            for word in forbidden.iter().filter(|word| says(line, word)) {
                breaches.push(format!("{}:{number} says `{word}`", source.name));
            }
        }
    }
    breaches
}

#[test]
fn pure_rooms_know_no_file_thread_or_clock() {
    let breaches = find(&sources(), IMPURE_WORDS, |source| PURE.contains(&source.room.as_str()));
    none(&breaches, "core, dsp, session and report know neither file system, thread, clock nor environment:");
}

#[test]
fn only_the_doors_print() {
    let breaches = find(&sources(), PRINTING, |source| !DOORS.contains(&source.room.as_str()));
    none(&breaches, "only the command line prints; rooms return what they have to say:");
}

#[test]
fn unsafe_lives_in_one_room() {
    let sources = sources();
    let in_simd = |source: &Source| source.room == "dsp" && source.name.contains("/simd");
    let mut breaches = find(&sources, &["unsafe"], |source| !in_simd(source));
    let root = |source: &&Source| source.name.ends_with("/src/lib.rs") || source.name.ends_with("/src/main.rs");
    for source in sources.iter().filter(root).filter(|source| source.room != "dsp") {
        if !source.whole.contains("#![forbid(unsafe_code)]") {
            breaches.push(format!("{} does not say `#![forbid(unsafe_code)]`", source.name));
        }
    }
    none(&breaches, "`unsafe` lives in dsp::simd and nowhere else:");
}

#[test]
fn imports_name_what_they_import() {
    // A prelude is made to be imported whole.
    let is_glob =
        |line: &str| line.trim_start().starts_with("use ") && line.contains("::*") && !line.contains("::prelude::*");
    let glob = |source: &Source| {
        let lines = source.code.iter().filter(|(_, line)| is_glob(line));
        lines.map(|(number, _)| format!("{}:{number}", source.name)).collect::<Vec<_>>()
    };
    none(&sources().iter().flat_map(glob).collect::<Vec<_>>(), "a glob import hides where names come from:");
}

#[test]
fn no_file_grows_past_what_one_can_read() {
    let root = workspace();
    let mut paths = Vec::new();
    for folder in ["crates", "tests", "fuzz/fuzz_targets", "bench"] {
        rust_files(&root.join(folder), &mut paths);
    }
    let long = paths.iter().filter_map(|path| {
        let lines = fs::read_to_string(path).expect("readable source").lines().count();
        (lines > LONGEST_FILE).then(|| format!("{}: {lines} lines", path.display()))
    });
    none(&long.collect::<Vec<_>>(), "a file past 800 lines wants to be several:");
}

#[test]
fn the_scan_sees_what_it_should() {
    assert!(says("    println!(\"x\");", "println!"));
    assert!(!says("my_println!(\"x\");", "println!"));
    assert!(!says("#![forbid(unsafe_code)]", "unsafe"));
    assert!(says("unsafe { x }", "unsafe"));
    let text = "fn a() {} // unsafe\n#[cfg(test)]\nmod tests {\n    unsafe {}\n}\n";
    assert_eq!(code_of(text), [(1, "fn a() {} ".to_string())]);
    let files = test_modules(Path::new("src/lib.rs"), "#[cfg(test)]\npub(crate) mod bench;\n");
    assert!(files.contains(&PathBuf::from("src/bench.rs")));
}
