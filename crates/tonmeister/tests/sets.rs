//! Versions and stems of real songs, in one pass: they add up, and renders that were kept change nothing.
#![allow(missing_docs)]

mod material;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use material::{files, folders, material};
use tonmeister::mix::Null;
use tonmeister::{Depth, DiskShelf, SetOptions, SetReport, Silent, StemPath, Versions, World};

/// The song of those stems, each with an equalizer and a send to one reverb; an instrumental without the last stem, and an
/// a cappella of it. `more` goes onto every track, `master` onto the master.
fn document(song: &Path, folder: &Path, more: &str, master: &str) -> PathBuf {
    let stems =
        files(song, "flac").into_iter().filter(|p| !p.file_name().unwrap().to_string_lossy().starts_with("reference_"));
    let stems: Vec<PathBuf> = stems.collect();
    let rate = tonmeister_media::open(&stems[0]).unwrap().info.sample_rate;
    let mut text = format!("[song]\nsample_rate_hz = {rate}\nlength_s = 20.0\n");
    for stem in &stems {
        let id = stem.file_stem().unwrap().to_string_lossy();
        let audio = stem.display();
        let _ = write!(
            text,
            "\n[[track]]\nid = \"{id}\"\naudio = '{audio}'\ntrim_db = -6.0\n[[track.insert]]\neffect = \"eq\"\nbells = [{{ hz = 900.0, \
             gain_db = 3.0 }}]\n{more}[[track.send]]\nto = \"room\"\nlevel_db = -12.0\n"
        );
    }
    let last = stems[stems.len() - 1].file_stem().unwrap().to_string_lossy().into_owned();
    let _ = write!(
        text,
        "\n[[bus]]\nid = \"room\"\n[[bus.insert]]\neffect = \"reverb\"\nmix_percent = 100.0\n[master]\n{master}\n[[version]]\nid = \
         \"instrumental\"\nmute = [\"{last}\"]\n[[version]]\nid = \"a-cappella\"\nsolo = [\"{last}\"]\n"
    );
    let path = folder.join("song.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn set(song: &Path, folder: &Path, shelf: Option<Arc<DiskShelf>>) -> SetReport {
    let options = SetOptions {
        output: folder.join("mix.wav"),
        depth: Depth::Float32,
        versions: Versions::All,
        stems: Some(StemPath::Through),
        replay: true,
        shelf,
    };
    World::new().mix_set(song, &options, &mut Silent).unwrap()
}

fn depth(null: &Null) -> f64 {
    null.peak_db.unwrap_or(-999.0)
}

/// Stems and versions of every song null against their mix below −120 dB where all is linear, and below −110 dB with
/// compressors on tracks, on the master and its bands.
#[test]
fn versions_and_stems_of_every_song_add_up() {
    let Some(material) = material("versions and stems of real songs") else { return };
    let compressor = "[[track.insert]]\neffect = \"compressor\"\nthreshold_db = -24.0\n";
    let bus =
        "[[master.insert]]\neffect = \"compressor\"\nthreshold_db = -20.0\n[[master.insert]]\neffect = \"multiband\"\n";
    for song in folders(&material.join("songs")) {
        let name = song.file_name().unwrap().to_string_lossy().into_owned();
        for (what, more, master, bound) in [("linear", "", "", -120.0), ("compressed", compressor, bus, -110.0)] {
            let folder = tempfile::tempdir().unwrap();
            let report = set(&document(&song, folder.path(), more, master), folder.path(), None);
            let stems = report.versions.iter().map(|v| depth(v.null.as_ref().unwrap())).fold(f64::MIN, f64::max);
            let pair = depth(&report.pairs[0].null);
            println!("{name}, {what}: stems {stems:.1} dB, versions {pair:.1} dB");
            assert!(stems < bound && pair < bound, "{name}: stems {stems} dB, versions {pair} dB");
        }
    }
}

/// A shelf on disk: an edit remakes what hears it, and the file has the bits of a render without a shelf.
#[test]
fn a_kept_render_of_a_real_song_is_the_render() {
    let Some(material) = material("keeping renders of a real song") else { return };
    let song = folders(&material.join("songs")).remove(0);
    let folder = tempfile::tempdir().unwrap();
    let path = document(&song, folder.path(), "", "");
    let shelf = || Some(Arc::new(DiskShelf::open(&folder.path().join("kept"), 1 << 32).unwrap()));
    let first = set(&path, folder.path(), shelf());
    assert_eq!(first.kept, 0);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("level_db = -12.0", "level_db = -9.0", 1)).unwrap();
    let edited = set(&path, folder.path(), shelf());
    let with = std::fs::read(folder.path().join("mix.wav")).unwrap();
    assert!(edited.kept > 0 && edited.made < first.made, "{} of {} made", edited.made, first.made);
    set(&path, folder.path(), None);
    assert!(with == std::fs::read(folder.path().join("mix.wav")).unwrap());
}
