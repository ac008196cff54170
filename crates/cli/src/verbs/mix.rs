//! `tonmeister mix`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tonmeister::mix::{Null, VersionReport};
use tonmeister::{
    DiskShelf, Failure, MixOptions, MixReport, SetOptions, SetReport, StemPath, Stretch, Unheard, Versions, World,
};

use super::levels;
use crate::args::{Keep, Kept, Mix, Stems};
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, Side, Table, count, duration, maybe, quantity, styled};
use crate::trouble;
use crate::voice::Voice;

/// How much is kept, in GiB, when nothing is said.
const CACHE_GIB: f64 = 20.0;

/// How often a watched song is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Mixes and tells what came of it.
pub(crate) fn run(args: Mix, voice: &mut Voice) -> Result<Outcome, Failure> {
    let world = args.work.world();
    let versions = match args.versions {
        None => Versions::None,
        // The option alone stands for all of them.
        Some(ids) if ids.iter().all(String::is_empty) => Versions::All,
        Some(ids) => Versions::Named(ids),
    };
    let stems = args.stems.map(|stems| match stems {
        Stems::Wet => StemPath::Through,
        Stems::Dry => StemPath::Before,
    });
    let ear = args.hearing.ear();
    if !ear.is_open() && (versions != Versions::None || stems.is_some() || args.watch) {
        let what = "--solo, --pfl and --afl say how one mix is heard: leave --versions, --stems and --watch out";
        return Err(Failure::Usage(what.into()));
    }
    let is_stretch = args.from.is_some() || args.to.is_some();
    let stretch = is_stretch.then_some(Stretch { from: args.from, to: args.to, pre_roll_s: args.pre_roll });
    let shelf = if is_stretch { None } else { shelf(&args.keep, args.watch)? };
    if versions == Versions::None && stems.is_none() && (shelf.is_none() || !ear.is_open()) {
        let options = MixOptions { stretch, ear, ..MixOptions::whole(args.output, args.bits.depth()) };
        let report = world.mix(&args.song, &options, &mut Bars::new(voice))?;
        voice.result(&report, told);
        return Ok(Outcome::Done);
    }
    let options = SetOptions {
        output: args.output,
        depth: args.bits.depth(),
        versions,
        stems,
        replay: !args.own_dynamics,
        shelf,
        stretch,
    };
    if args.watch {
        return Ok(watch(&world, &args.song, &options, voice));
    }
    let report = world.mix_set(&args.song, &options, &mut Bars::new(voice))?;
    voice.result(&report, all_told);
    Ok(Outcome::Done)
}

/// Where renders are kept, if they are.
fn shelf(keep: &Keep, watch: bool) -> Result<Option<Arc<DiskShelf>>, Failure> {
    let named = match &keep.cache {
        Some(Kept::Folder(folder)) => Some(folder.clone()),
        _ => None,
    };
    if matches!(keep.cache, None | Some(Kept::Nowhere)) && !watch {
        return match keep.cache_size {
            Some(_) => {
                let what = "--cache-size says how much is kept; ask for it with --cache or --watch";
                Err(Failure::Usage(what.into()))
            }
            None => Ok(None),
        };
    }
    let size = keep.cache_size.unwrap_or(CACHE_GIB);
    if !(0.01..=100_000.0).contains(&size) {
        return Err(Failure::Usage(format!("a size of {size} GiB is not kept; it is from 0.01 to 100000")));
    }
    let Some(folder) = named.or_else(DiskShelf::default_folder) else {
        let what = "this system names no folder for what can be made again; name one with --cache=FOLDER";
        return Err(Failure::Usage(what.into()));
    };
    let bytes = (size * f64::from(1 << 30)) as u64;
    match DiskShelf::open(&folder, bytes) {
        Ok(shelf) => Ok(Some(Arc::new(shelf))),
        Err(error) => Err(Failure::Output { path: folder, message: format!("renders cannot be kept there: {error}") }),
    }
}

/// Mixes whenever something changes, until somebody ends it.
fn watch(world: &World, song: &Path, options: &SetOptions, voice: &mut Voice) -> Outcome {
    loop {
        // Looked at before the render: what changes while it runs is not missed.
        let watch = world.watch(song);
        let started = Instant::now();
        match world.mix_set(song, options, &mut Bars::new(voice)) {
            Ok(report) if voice.json() => voice.result(&report, all_told),
            Ok(report) => voice.text(&rendered(&report, started.elapsed())),
            Err(Failure::Interrupted) => return Outcome::Done,
            Err(failure) => trouble::tell(&failure, voice),
        }
        voice.remark(&styled(FAINT, format!("watching {}; Ctrl-C ends it\n", song.display())));
        let changed: PathBuf = loop {
            if world.stop.load(Ordering::Relaxed) {
                return Outcome::Done;
            }
            if let Some(path) = watch.changed() {
                break path.into();
            }
            std::thread::sleep(LOOK);
        };
        // An editor may need a moment to write all of it.
        std::thread::sleep(LOOK);
        voice.remark(&format!("{} has changed\n", changed.display()));
    }
}

/// One line of a watched mix.
fn rendered(report: &SetReport, took: Duration) -> String {
    let mix = &report.versions[0].written;
    format!(
        "{}  {}  {}  {}\n{}",
        styled(STRONG, &report.title),
        maybe(mix.loudness.integrated_lufs, 1, "LUFS"),
        maybe(mix.loudness.true_peak_dbtp, 2, "dBTP"),
        styled(
            FAINT,
            format!("{:.2} s, {} of {} parts made anew", took.as_secs_f64(), report.made, report.made + report.kept)
        ),
        trouble::remarks(&report.warnings),
    )
}

fn told(report: &MixReport) -> String {
    let members = format!("{} · {}", count(report.tracks, "track"), count(report.buses, "bus"));
    format!(
        "{}  {}\n\n{}{}{}{}\nWrote {}\n",
        styled(STRONG, &report.title),
        styled(FAINT, members),
        levels::written(&report.written, levels::LOWER_THE_MASTER),
        report.unheard.map_or_else(String::new, unheard),
        levels::dynamics(&report.dynamics) + &levels::meters(&report.meters),
        trouble::remarks(&report.warnings),
        report.written.path.display()
    )
}

/// What played before a stretch.
fn unheard(before: Unheard) -> String {
    let from = duration(before.from_s);
    if before.exact {
        format!("  played unheard from {from}: the very samples of the whole mix\n")
    } else {
        format!("  played unheard from {from}: what remembers longer may be a hair apart from the whole mix\n")
    }
}

/// A mix with its versions and stems.
fn all_told(report: &SetReport) -> String {
    let members = format!("{} · {}", count(report.tracks, "track"), count(report.buses, "bus"));
    let mut text = format!("{}  {}\n\n", styled(STRONG, &report.title), styled(FAINT, members));
    text += &levels::written(&report.versions[0].written, levels::LOWER_THE_MASTER);
    let mut table =
        Table::new(&[("", Side::Left), ("loudness", Side::Right), ("true peak", Side::Right), ("file", Side::Left)]);
    let stems: usize = report.versions.iter().map(|version| version.stems.len()).sum();
    for version in &report.versions {
        let name = version.version.as_deref().unwrap_or("mix");
        row(&mut table, styled(STRONG, name), &version.written);
        for stem in &version.stems {
            row(&mut table, format!("  {}", stem.title.as_ref().unwrap_or(&stem.id)), &stem.written);
        }
    }
    if report.versions.len() > 1 || stems > 0 {
        text.push('\n');
        text += &table.text();
    }
    for version in &report.versions {
        text += &sum_of(version);
    }
    for pair in &report.pairs {
        let [a, b] = &pair.versions;
        let _ = write!(text, "\n  {a} + {b} = the mix, {}", left(&pair.null));
    }
    if stems > 0 || !report.pairs.is_empty() {
        text.push('\n');
    }
    text += &report.unheard.map_or_else(String::new, unheard);
    text += &levels::dynamics(&report.dynamics);
    text += &levels::meters(&report.meters);
    text += &trouble::remarks(&report.warnings);
    text + &format!("\nWrote {}\n", files(report))
}

fn row(table: &mut Table, name: String, written: &tonmeister::Written) {
    table.row([
        name,
        maybe(written.loudness.integrated_lufs, 1, "LUFS"),
        maybe(written.loudness.true_peak_dbtp, 2, "dBTP"),
        styled(FAINT, written.path.display()),
    ]);
}

fn sum_of(version: &VersionReport) -> String {
    let name = version.version.as_deref().unwrap_or("the mix");
    match &version.null {
        Some(null) if version.adds_up() => format!("\n  the stems of {name} add up, {}", left(null)),
        Some(null) => format!("\n  the stems of {name} do not add up, {}", left(null)),
        None => String::new(),
    }
}

fn left(null: &Null) -> String {
    match null.peak_db {
        Some(db) => format!("{} left", quantity(db, 1, "dB")),
        None => "nothing left".into(),
    }
}

fn files(report: &SetReport) -> String {
    let parts = match report.kept {
        0 => String::new(),
        kept => format!(", {} of {} parts made anew", report.made, report.made + kept),
    };
    let stems = report.versions.iter().flat_map(|version| version.stems.iter().map(|stem| &stem.written.path));
    let stems = stems.collect::<std::collections::BTreeSet<_>>().len();
    match report.versions.as_slice() {
        [only] if stems == 0 => format!("{}{parts}", only.written.path.display()),
        versions => format!("{}{parts}", count(versions.len() + stems, "file")),
    }
}
