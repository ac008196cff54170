//! The same text gives the same bits: over the demo song, with every effect of the rack in it.
#![allow(missing_docs)]

use std::path::Path;

use tonmeister::demo::{SONG_TOML, perform};
use tonmeister::{Depth, MixOptions, Silent, World};

/// The demo song with every effect of the rack somewhere in it, cut to a few seconds in the chorus.
fn session(folder: &Path) -> std::path::PathBuf {
    perform::write_stems(folder, &mut Silent).unwrap();
    let world = World::new();
    // From the chorus on, where everybody plays.
    let from_chorus = |line: &str| match line.strip_prefix("audio = ") {
        Some(file) => format!("clip = [{{ audio = {file}, offset_s = 34.1 }}]\n"),
        None if line.starts_with("length_s") => "length_s = 4.0\n".into(),
        None => format!("{line}\n"),
    };
    let mut text: String = SONG_TOML.lines().map(from_chorus).collect();
    for spec in world.registry().specs() {
        if !text.contains(&format!("effect = \"{}\"", spec.id)) {
            let id = spec.id;
            let insert = ["\n[[master.insert]]\neffect = \"", id, "\"\nid = \"extra-", id, "\"\n"];
            text.extend(insert);
        }
    }
    let path = folder.join("session.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn blocks_and_threads_change_no_bit_of_a_real_session() {
    let folder = tempfile::tempdir().unwrap();
    let song = session(folder.path());
    let render = |threads: usize, block: usize| {
        let mut world = World::new();
        world.threads = threads;
        world.block = block;
        let output = folder.path().join("mix.wav");
        world.mix(&song, &MixOptions { output: output.clone(), depth: Depth::Float32 }, &mut Silent).unwrap();
        std::fs::read(output).unwrap()
    };
    let first = render(1, 4096);
    assert!(first.len() > 4 * 48_000 * 8, "the session sounds for its four seconds");
    for (threads, block) in [(1, 1), (1, 64), (2, 4096), (2, 1000), (3, 333), (8, 2048), (1, 17)] {
        assert!(render(threads, block) == first, "{threads} threads, blocks of {block}");
    }
}
