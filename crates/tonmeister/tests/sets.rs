//! Versions and stems of real songs, in one pass: they add up, and renders that were kept change nothing.
#![allow(missing_docs)]

mod material;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use material::{files, folders, material};
use tonmeister::mix::{Null, VersionReport};
use tonmeister::{Depth, DiskShelf, SetOptions, SetReport, Silent, StemPath, Versions, World};
use tonmeister_core::{Buffer, Layout};
use tonmeister_media::{Format, SampleFormat, Writer};

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
        stretch: None,
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

/// A disk that damaged every render that was kept, in its middle: all that is read of them is made anew, and the mix is what
/// it was.
#[test]
fn many_damaged_renders_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = chosen(folder.path(), COMPRESSOR, "");
    let shelf = || Some(Arc::new(DiskShelf::open(&folder.path().join("kept"), 1 << 30).unwrap()));
    let mix = || std::fs::read(folder.path().join("mix.wav")).unwrap();
    set(&path, folder.path(), shelf());
    let first = mix();
    let mut damaged = 0;
    let mut folders = vec![folder.path().join("kept")];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "render") {
                let mut bytes = std::fs::read(&entry).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                std::fs::write(&entry, bytes).unwrap();
                damaged += 1;
            }
        }
    }
    assert!(damaged > 2, "{damaged} renders were kept");
    set(&path, folder.path(), shelf());
    assert!(mix() == first);
    let again = set(&path, folder.path(), shelf());
    assert!(again.kept > 0 && mix() == first, "{} kept", again.kept);
}

/// Four tracks of noise that swells, two of them through a bus, all of them into a hall that no stem names; `bus` goes onto
/// bus and master, `stems` behind them.
fn chosen(folder: &Path, bus: &str, stems: &str) -> PathBuf {
    let rate = 48_000;
    let mut text = format!("[song]\nsample_rate_hz = {rate}\nlength_s = 3.0\n");
    for (seed, (id, output)) in
        [("kick", "drums"), ("snare", "drums"), ("bass", "master"), ("voice", "master")].iter().enumerate()
    {
        let mut noise = tonmeister_dsp::testing::noise(seed as u64 + 1, 0.4, 2 * rate as usize);
        for (at, x) in noise.iter_mut().enumerate() {
            *x *= (at * (seed + 3) / rate as usize % 2) as f32 * 0.7 + 0.3;
        }
        let mut writer =
            Writer::create(folder.join(format!("{id}.wav")), Format::Wav(SampleFormat::Float32), rate, Layout::Mono)
                .unwrap();
        let noise = Buffer::from_mono(noise);
        writer.write(noise.view(noise.frames())).unwrap();
        writer.finish().unwrap();
        let _ = write!(
            text,
            "[[track]]\nid = \"{id}\"\naudio = \"{id}.wav\"\noutput = \"{output}\"\nsend = [{{ to = \"room\", level_db = -9.0 }}]\n"
        );
    }
    let more = |list: &str| if bus.is_empty() { String::new() } else { format!("[[{list}.insert]]\n{bus}\n") };
    let _ = write!(
        text,
        "[[bus]]\nid = \"drums\"\n{}[[bus]]\nid = \"room\"\n[[bus.insert]]\neffect = \"reverb\"\nmix_percent = 100.0\n[master]\n{}\
         [[vca]]\nid = \"singers\"\nmembers = [\"voice\"]\nfader_db = -2.0\n{stems}\
         [[version]]\nid = \"instrumental\"\nmute = [\"voice\"]\n\
         [[version]]\nid = \"printed\"\nbase = \"instrumental\"\ndynamics = \"own\"\n\
         [[version]]\nid = \"a-cappella\"\nsolo = [\"voice\"]\n",
        more("bus"),
        more("master")
    );
    let path = folder.join("song.toml");
    std::fs::write(&path, text).unwrap();
    path
}

const COMPRESSOR: &str = "effect = \"compressor\"\nthreshold_db = -30.0\nratio = 4.0";

/// Stems of the document's choosing, which cut the drum bus in two and leave the hall to whoever sends into it, sum to the mix
/// and to each version of it. Measured: −140.1 dB with sums and a hall, −141.8 dB with a compressor on bus and master.
#[test]
fn stems_that_a_document_chooses_add_up() {
    let stems = "[[stem]]\nid = \"low-end\"\ntitle = \"Low end\"\nof = [\"kick\", \"bass\"]\n\
                 [[stem]]\nid = \"snare\"\nof = [\"snare\"]\n[[stem]]\nid = \"vocals\"\nof = [\"singers\"]\n";
    for (what, bus, bound) in [("linear", "", -120.0), ("compressed", COMPRESSOR, -120.0)] {
        let folder = tempfile::tempdir().unwrap();
        let report = set(&chosen(folder.path(), bus, stems), folder.path(), None);
        let left = report.versions.iter().map(|v| depth(v.null.as_ref().unwrap())).fold(f64::MIN, f64::max);
        println!("{what}: stems {left:.1} dB");
        assert!(left < bound && report.versions.iter().all(VersionReport::adds_up), "{what}: {left} dB");
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        let ids: Vec<&str> = report.versions[0].stems.iter().map(|stem| stem.id.as_str()).collect();
        assert_eq!(ids, ["low-end", "snare", "vocals"]);
        assert_eq!(report.versions[0].stems[0].title.as_deref(), Some("Low end"));
        assert!(folder.path().join("mix-stems/low-end.wav").is_file());
        assert_eq!(report.versions[1].stems.len(), 2, "the instrumental has no vocals");
    }
}

/// A bus that a stem names brings its tracks along with their sends; a track in no stem, or in two, is told once, with its place.
#[test]
fn stems_that_leave_something_out_or_hold_it_twice_are_told() {
    let both = "[[stem]]\nid = \"drums\"\nof = [\"drums\"]\n[[stem]]\nid = \"rest\"\nof = [\"bass\", \"voice\"]\n";
    for (stems, told) in [
        (both.to_owned(), None),
        (both.replace(", \"voice\"", ""), Some("left-out: `voice` is in no stem")),
        (
            both.replace("\"bass\"", "\"bass\", \"kick\", \"drums\""),
            Some("in-two-stems: `drums` is in the stems `drums` and `rest`"),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let report = set(&chosen(folder.path(), "", &stems), folder.path(), None);
        let mix = &report.versions[0];
        let warnings: Vec<String> = report.warnings.iter().map(|w| format!("{}: {}", w.code, w.message)).collect();
        println!("{:.1} dB, {warnings:?}", depth(mix.null.as_ref().unwrap()));
        assert_eq!(mix.adds_up(), told.is_none());
        assert_eq!(warnings.len(), usize::from(told.is_some()), "{warnings:?}");
        assert!(told.is_none_or(|told| warnings[0].starts_with(told)), "{warnings:?}");
    }
}

/// What a version says of its dynamics is what `--own-dynamics` says of all: the same file, to the bit, and another than the
/// mix's dynamics make.
#[test]
fn a_version_may_keep_its_own_dynamics() {
    let folder = tempfile::tempdir().unwrap();
    let song = chosen(folder.path(), COMPRESSOR, "");
    let make = |replay: bool| {
        let options = SetOptions {
            output: folder.path().join("mix.wav"),
            depth: Depth::Float32,
            versions: Versions::All,
            stems: None,
            replay,
            shelf: None,
            stretch: None,
        };
        World::new().mix_set(&song, &options, &mut Silent).unwrap();
        ["instrumental", "printed", "a-cappella"]
            .map(|id| std::fs::read(folder.path().join(format!("mix-{id}.wav"))).unwrap())
    };
    let (said, all) = (make(true), make(false));
    assert!(said[1] == all[1] && all[0] == all[1], "its own dynamics");
    assert!(said[0] != all[0] && said[2] != all[2], "the mix's dynamics");
}
