//! What can be asked, described once: parser, help, man pages and completions come from here.

mod desk;
mod ear;
mod keep;
mod mix;
mod pages;
mod play;
mod record;
mod release;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use tonmeister::demo::SONGS;
use tonmeister::{AlignOptions, CheckOptions, Depth, Level, LevelMatch, ReportOptions, RuleSetting, Speaker, World};

pub(crate) use desk::Desk;
pub(crate) use ear::Hearing;
pub(crate) use keep::{Keep, Kept};
pub(crate) use mix::{Mix, Stems};
pub(crate) use pages::{Completions, Man, Schema};
pub(crate) use play::Play;
pub(crate) use record::Record;
pub(crate) use release::Release;

use crate::exit::Outcome;

/// Mixes and masters songs that are written as text.
#[derive(Debug, Parser)]
#[command(
    name = "tonmeister",
    version,
    max_term_width = 100,
    long_about = "Mixes and masters songs that are written as text.\n\n\
        A folder of stems becomes `song.toml` (new); the document becomes a mix (mix); the mix becomes a master \
        (master). The same document gives the same samples on every machine.",
    after_help = Outcome::help(),
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Args {
    /// Print the result as one JSON object on standard output
    #[arg(long, global = true, display_order = 900)]
    pub(crate) json: bool,

    /// No progress bars and no remarks, only results and errors
    #[arg(long, short, global = true, display_order = 901)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// When to use color.
#[derive(Debug, ClapArgs)]
pub(crate) struct Color {
    /// When to use color
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 902)]
    color: When,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// From here on, for everything that prints.
    pub(crate) fn write_global(&self) {
        match self.color {
            When::Auto => anstream::ColorChoice::Auto,
            When::Always => anstream::ColorChoice::Always,
            When::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Play, mix, master and release an album of the program's own, to try everything on
    ///
    /// Writes a folder for each of its three songs (stems/ and song.toml), album.toml, cover.png and release/, and verifies
    /// the release. With --song, one song alone: stems/, song.toml, mix.wav and master.wav. A document that is there
    /// already and was changed is kept: the demo refuses.
    Demo(Demo),
    /// Make a song.toml from a folder of stems
    ///
    /// Names tell what a file plays; relatives share a bus; rates and lengths are compared. Nothing is done to the
    /// sound: the new document renders to the plain sum of the stems. Files whose names say that they are a mix, a
    /// master, a reference or a click are left out, with a note.
    New(New),
    /// Mix a song document to one stereo file
    ///
    /// The file's name decides its format: .wav or .flac. Its loudness and peaks are measured on the very samples that
    /// are written. Threads and block size change the speed and not one bit of the sound.
    Mix(Mix),
    /// Play a song document, and hear its edits while it sounds
    ///
    /// What is heard has the bits of what is mixed. With --watch, saving the document changes what plays: controls go over
    /// without a click, anything else without a gap. Without a sound device, --null measures whether this machine keeps
    /// up, and --to writes what would be heard.
    #[command(after_help = "Examples:\n  \
        tonmeister play song.toml --from 42 --loop 42,58 --watch\n  \
        tonmeister play song.toml --null --for 60\n  \
        tonmeister play song.toml --loop 8,16 --for 32 --to loop.wav")]
    Play(Play),
    /// Master a mix, or a song document, to a loudness and under a true-peak ceiling
    ///
    /// The mix goes through an equalizer, a compressor and a true-peak limiter, and the limiter's drive is searched
    /// until the written file has the loudness asked for. When that would take more limiting than allowed, the file is
    /// as loud as is allowed, and the exit code says so.
    Master(Master),
    /// Make a release from an album document: mastered, sequenced, cut into files, verified
    ///
    /// The document names the mixes (or song documents), their order, gaps and fades, what they are called and what is
    /// made of them. Every file is measured as it was written; `release.lock` holds what it was made from and each file's
    /// hash. The same things give the same bytes, and a release that was interrupted goes on where it was.
    #[command(after_help = "Examples:\n  \
        tonmeister release album.toml -o out/\n  \
        tonmeister release album.toml -o out/ --dry-run\n  \
        tonmeister release --verify out/\n\n\
        Exit code 6 when a song stays below the loudness asked for or a file is above the ceiling, 1 when --verify finds \
        a file that is not what it was made as.")]
    Release(Release),
    /// Run one effect of the rack over an audio file
    ///
    /// The file keeps its rate, its channels (an effect that makes stereo makes stereo of mono) and its length; the
    /// effect's latency is taken off. `tonmeister rack` lists the effects, `tonmeister rack EFFECT` what can be set.
    #[command(after_help = "Examples:\n  \
        tonmeister process compressor vocal.wav -o even.wav --set threshold_db=-24 --set ratio=3\n  \
        tonmeister process eq bass.wav -o thin.wav --set highpass/hz=40 --set bells/1/hz=300 --set bells/1/gain_db=-3\n  \
        tonmeister process delay key.wav -o echo.wav --set time_ms=1/8. --tempo 122 --tail\n  \
        tonmeister process limiter mix.wav -o held.wav --residual taken-away.wav")]
    Process(Process),
    /// Write what a rider does into the song as automation, to go on with by hand
    ///
    /// The moves become the fader's where the rider is the last insert of its strip, the trim's where it is the first.
    /// The rider stays in the song, bypassed.
    Ride(Ride),
    /// Write moves of a hand on a control into the song as automation, as a desk records them
    ///
    /// The moves are a text, one a line: a time of the song and a value, `touch` where a hand is laid on the control and
    /// `release` where it is taken off. They are thinned to a stated error; everything else of the document stays.
    #[command(after_help = "Examples:\n  \
        tonmeister record song.toml vocal/fader_db --moves ride.csv\n  \
        tonmeister record song.toml drums/send/room/level_db --mode latch --from 17|1 --to 25|1 --moves -\n  \
        tonmeister record song.toml vocal/fader_db --mode trim --return 1 --moves louder.csv")]
    Record(Record),
    /// Turn controls of a song, put scenes by and recall them, copy and move automation
    ///
    /// The document is changed as a whole or not at all; what is not meant keeps every byte. Link groups go along.
    Desk(Desk),
    /// Bring microphones at one source together, in time and polarity
    ///
    /// Each track is measured against the reference, on its audio as its clips place it, and the document gets whole
    /// frames of `delay_samples` (the early ones wait for the latest) and `polarity`. The reference is the first track
    /// named, or --to. With --to alone, every other track is measured; with no names at all, the tracks that a check
    /// finds to hold one sound. What is not one sound for certain is left, with the numbers. Audio files are measured
    /// against each other, and nothing is written.
    #[command(after_help = "Examples:\n  \
        tonmeister align song.toml kick-in kick-out --dry-run\n  \
        tonmeister align song.toml --to overheads snare-top snare-bottom tom\n  \
        tonmeister align song.toml\n  \
        tonmeister align di.wav amp.wav\n\n\
        Exit code 6 when a track or file that was named does not hold the reference's sound for certain.")]
    Align(Align),
    /// List the effects, or what can be set on one
    Rack(Rack),
    /// Measure loudness, peaks and dynamics of audio files
    #[command(after_help = "Examples:\n  \
        tonmeister measure master.wav\n  \
        tonmeister measure master.wav --report master.html\n  \
        tonmeister measure mine.wav theirs.flac --report both.html --pictures drawn\n  \
        tonmeister measure --before mix.wav --after master.wav --report what-changed.html")]
    Measure(Measure),
    /// Find what is wrong with audio files, or with the files of a song document
    ///
    /// Clipping, silence, offsets, turned polarity, files cut off, and files that do not fit the others. What a
    /// document says under [check] and [track.check] decides which rule counts how; the options go before it.
    #[command(after_help = "Examples:\n  \
        tonmeister check stems/*.wav\n  \
        tonmeister check song.toml --deny clipped --limit dc-offset=0.01\n  \
        tonmeister check song.toml --allow all --deny session    # one group only\n  \
        tonmeister check song.toml --fix --dry-run               # what could be mended, as a diff\n  \
        tonmeister check song.toml --deny-warnings --sarif check.sarif\n\n\
        Exit codes: 0 nothing denied was found, 1 something was, 2 the arguments make no sense (a rule that is not \
        there), 3 the document is not valid, 5 a file cannot be written. A file that cannot be read is a finding.")]
    Check(Check),
    /// Hold two renderings of one music against each other
    ///
    /// Finds where one lies in the other to a fraction of a sample, brings both to one loudness, and says what is left:
    /// how deep they cancel, in total and per third of an octave, what equalizer lies between them, how their dynamics
    /// and their width differ. The second is resampled if its rate is another.
    #[command(after_help = "Examples:\n  \
        tonmeister compare mix.wav master.wav\n  \
        tonmeister compare master.wav from-the-shop.mp3 --residual what-the-codec-did.wav\n  \
        tonmeister compare a.wav b.wav --level null --json")]
    Compare(Compare),
    /// Tell what differs between two song documents, or two versions of one, in a mixer's words
    ///
    /// Faders, pans, inserts and what is set on them, sends, automation with its times, routes and clips; what is heard
    /// most comes first. A document may be named as git names a file of a commit, REV:path.
    #[command(after_help = "Examples:\n  \
        tonmeister diff monday.toml song.toml\n  \
        tonmeister diff song.toml --version instrumental\n  \
        tonmeister diff song.toml --version radio --against club\n  \
        tonmeister diff HEAD~1:song.toml song.toml\n  \
        tonmeister diff v1.0:song.toml v1.1:song.toml --version tv --json\n\n\
        With two documents and --version, both are taken in that version.")]
    Diff(Diff),
    /// Look at a disc master (a DDP fileset), whoever made it: verify, compare, take apart
    ///
    /// Tells what stands where, every file's checksum, and what a plant would refuse. `play` plays the same folder. Ends
    /// with 1 where something is wrong, or where it differs from the one it is held against.
    #[command(after_help = "Examples:\n  \
        tonmeister disc cd/ddp\n  \
        tonmeister disc cd/ddp --against /mnt/from-the-plant\n  \
        tonmeister disc cd/ddp -o tracks/\n  \
        tonmeister disc cd/ddp -o tracks/ --track 3\n  \
        tonmeister play cd/ddp --from 61.5")]
    Disc(Disc),
    /// Find out blind whether you hear a difference between two files
    ///
    /// Plays A, B and a hidden X from the terminal, equally loud and lined up; after the last trial it says how many
    /// answers were right and how likely a guesser is to do as well.
    Abx(Abx),
    /// List the named loudness targets, with who says so and when
    Targets(Targets),
    /// Print the JSON Schema of song.toml or of album.toml, for editors
    Schema(Schema),
    /// Print a man page, or write all of them to a folder
    Man(Man),
    /// Print the completions for a shell
    Completions(Completions),
}

/// `new`.
#[derive(Debug, ClapArgs)]
pub(crate) struct New {
    /// The folder of stems
    pub(crate) stems: PathBuf,
    /// Where song.toml goes [default: the folder of stems]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// The song's title [default: made from the folder's name]
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Replace a song.toml that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Leave out files that cannot be read, instead of giving up
    #[arg(long)]
    pub(crate) skip_unreadable: bool,
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Bits {
    /// Bits of a sample: 16 or 24 (dithered), or 32f (floating point, .wav only)
    #[arg(long, value_name = "BITS", default_value = "24", hide_possible_values = true)]
    bits: Depths,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Depths {
    #[value(name = "16")]
    Int16,
    #[value(name = "24")]
    Int24,
    #[value(name = "32f")]
    Float32,
}

impl Bits {
    /// In the façade's words.
    pub(crate) fn depth(self) -> Depth {
        match self.bits {
            Depths::Int16 => Depth::Int16,
            Depths::Int24 => Depth::Int24,
            Depths::Float32 => Depth::Float32,
        }
    }
}

/// How the work is done. None of it changes the sound.
#[derive(Debug, ClapArgs)]
pub(crate) struct Work {
    /// Worker threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Frames processed at a time [default: what is fastest]
    #[arg(long, value_name = "FRAMES", value_parser = clap::value_parser!(u16).range(1..=4096))]
    block_size: Option<u16>,
}

impl Work {
    /// A world that works like this.
    pub(crate) fn world(&self) -> World {
        let mut world = crate::verbs::world();
        if let Some(threads) = self.threads {
            world.threads = usize::from(threads);
        }
        if let Some(block) = self.block_size {
            world.block = usize::from(block);
        }
        world
    }
}

/// `master`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Master {
    /// The mix, or a song document, which is mixed first
    pub(crate) input: PathBuf,
    /// The file to write, .wav or .flac
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// A named target; `tonmeister targets` lists them [default: streaming]
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// A file of targets in place of the built-in ones
    #[arg(long, value_name = "FILE", env = "TONMEISTER_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    /// Integrated loudness in LUFS, over the target's
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true)]
    pub(crate) loudness: Option<f64>,
    /// True-peak ceiling in dBTP, over the target's
    #[arg(long, value_name = "dBTP", allow_negative_numbers = true)]
    pub(crate) ceiling: Option<f64>,
    /// The most the limiter may take off any peak, in dB [default: 6]
    #[arg(long, value_name = "dB", allow_negative_numbers = true)]
    pub(crate) max_limiting: Option<f64>,
    /// Leave the mastering chain here as a song document that renders to the same samples
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) bits: Bits,
    #[command(flatten)]
    pub(crate) work: Work,
}

/// `process`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Process {
    /// The effect
    pub(crate) effect: String,
    /// The audio file
    pub(crate) input: PathBuf,
    /// The file to write, .wav or .flac
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[arg(help = "Set a parameter: threshold_db=-20, bells/1/hz=100, detector=rms, time_ms=1/8.")]
    #[arg(long, value_name = "ADDRESS=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// Name a recording that the effect sounds with: ir=hall.wav
    #[arg(long, value_name = "KEY=FILE", value_parser = pair)]
    pub(crate) file: Vec<(String, String)>,
    /// An audio file that drives the side-chain
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Write what was taken away (input − output) here
    #[arg(long, value_name = "FILE")]
    pub(crate) residual: Option<PathBuf>,
    /// Write what rings on behind the input's end too
    #[arg(long)]
    pub(crate) tail: bool,
    /// Beats per minute, for values that are notes [default: 120]
    #[arg(long, value_name = "BPM", allow_negative_numbers = true)]
    pub(crate) tempo: Option<f64>,
    #[command(flatten)]
    pub(crate) bits: Bits,
}

/// `ride`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Ride {
    /// The document; it is changed
    pub(crate) song: PathBuf,
    /// The rider: vocal/rider, or vocal where there is only one
    pub(crate) rider: String,
    /// How far the drawn fader may be from the rider's, in dB
    #[arg(long, value_name = "DB", allow_negative_numbers = true, default_value_t = 0.1, value_parser = error_db)]
    pub(crate) error: f64,
    #[command(flatten)]
    pub(crate) work: Work,
}

/// `align`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Align {
    /// A song document and its tracks, or audio files
    #[arg(required = true, value_name = "SONG.toml [TRACK]... | FILE")]
    pub(crate) what: Vec<String>,
    /// The track or file that the others are measured against [default: the first one named]
    #[arg(long, value_name = "REFERENCE")]
    to: Option<String>,
    /// The greatest delay that is looked for, in milliseconds; sound travels 34 cm in one
    #[arg(long, value_name = "MS", allow_negative_numbers = true, default_value_t = AlignOptions::default().reach_ms)]
    reach: f64,
    /// Only show what would be changed
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) work: Work,
}

impl Align {
    /// In the façade's words.
    pub(crate) fn options(&self) -> AlignOptions {
        AlignOptions { reference: self.to.clone(), reach_ms: self.reach, dry_run: self.dry_run }
    }
}

/// From 0 to 3 dB.
fn error_db(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "a number of decibels, such as 0.1".to_string())?;
    if (0.0..=3.0).contains(&value) { Ok(value) } else { Err("from 0 to 3 dB".into()) }
}

/// `this=that`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.trim().into(), value.trim().into())),
        _ => Err("expected two words with `=` between them".into()),
    }
}

/// `rack`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Rack {
    /// The effect to describe [default: all are listed]
    pub(crate) effect: Option<String>,
}

/// `measure`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Measure {
    /// Audio files, of any number of channels
    #[arg(required_unless_present = "before")]
    pub(crate) files: Vec<PathBuf>,
    /// Measure all files together as well: one album, gated as one
    #[arg(long)]
    pub(crate) album: bool,
    /// Where the loudspeakers of the channels stand, if the files do not say or are wrong: L,R,C,LFE,Ls,Rs; Lb, Rb and
    /// Cb are behind, Lc and Rc beside the center, Tfl, Tfc, Tfr, Tbl, Tbc, Tbr and Tc overhead
    #[arg(long, value_name = "PLACES", value_delimiter = ',', conflicts_with_all = ["report", "pictures"])]
    pub(crate) channels: Option<Vec<Speaker>>,
    /// Add what a graph needs to the JSON, every 100 ms: loudness, peaks, RMS, crest, peak to short-term loudness
    #[arg(long, requires = "json")]
    pub(crate) history: bool,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    #[command(flatten)]
    pub(crate) closer: Closer,
}

/// What `measure` draws.
#[derive(Debug, ClapArgs)]
pub(crate) struct Drawn {
    /// Write one page with words, pictures, numbers and faults, to be looked at in any browser
    ///
    /// The page needs nothing beside it and asks the network for nothing. Several files stand in it side by side. It
    /// draws mono and stereo. A name that ends in .pdf gives the same on sheets of A4.
    #[arg(long, value_name = "FILE.html", value_parser = page)]
    pub(crate) report: Option<PathBuf>,
    /// Write the pictures to this folder, each as SVG and as PNG
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
    /// The file as it was; with --after, in place of FILES
    #[arg(long, value_name = "FILE", requires = "after", conflicts_with = "files")]
    pub(crate) before: Option<PathBuf>,
    /// The file as it became
    #[arg(long, value_name = "FILE", requires = "before")]
    pub(crate) after: Option<PathBuf>,
    /// A file of targets in place of the built-in ones, for what the report says of streaming services
    #[arg(long, value_name = "FILE", env = "TONMEISTER_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
}

impl Drawn {
    /// Whether anything shall be drawn.
    pub(crate) fn wanted(&self) -> bool {
        self.report.is_some() || self.pictures.is_some()
    }

    /// In the façade's words.
    pub(crate) fn options(&self) -> ReportOptions {
        ReportOptions {
            page: self.report.clone(),
            pictures: self.pictures.clone(),
            before_after: self.before.is_some(),
            targets: self.targets.clone(),
        }
    }
}

/// A closer look at what is measured.
#[derive(Debug, ClapArgs)]
pub(crate) struct Closer {
    /// Show levels in thirds of octaves against where they usually lie
    #[arg(long)]
    pub(crate) spectrum: bool,
    /// Show correlation, balance, width and mono loss, on the whole and in thirds of octaves
    #[arg(long)]
    pub(crate) space: bool,
    /// Show what the needles of RMS, VU, peak programme and K meters reach, and how long they stand in the red
    #[arg(long)]
    pub(crate) meters: bool,
    /// Hold the spectrum against the tone of these files, instead of 22 free releases
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) like: Vec<PathBuf>,
}

impl Closer {
    /// Whether a closer look at the tone is asked for.
    pub(crate) fn is_wanted(&self) -> bool {
        self.spectrum || self.space || !self.like.is_empty()
    }
}

/// `check`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// Audio files, or song documents
    #[arg(required_unless_present_any = ["rules", "explain"])]
    pub(crate) files: Vec<PathBuf>,
    /// Show notes too: what is worth knowing and no fault
    #[arg(long)]
    pub(crate) notes: bool,
    #[command(flatten)]
    pub(crate) levels: Levels,
    #[command(flatten)]
    pub(crate) fixing: Fixing,
    /// Write the findings as SARIF 2.1.0 to this file, or to standard output (-) in place of the text
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rules", "explain"])]
    pub(crate) sarif: Option<PathBuf>,
    /// List the rules with level and limit, as a document (when one is named) and the options set them
    #[arg(long, conflicts_with = "fix")]
    pub(crate) rules: bool,
    /// Print the page of a rule
    #[arg(long, value_name = "RULE", conflicts_with_all = ["rules", "files", "fix"])]
    pub(crate) explain: Option<String>,
}

/// Which rules count how. A rule's name goes before its group's (signal, level, …), and that before `all`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Levels {
    /// Do not tell of a rule, a group of rules, or all
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// Warn of it
    #[arg(long, value_name = "RULE")]
    warn: Vec<String>,
    /// Fail when it is found
    #[arg(long, value_name = "RULE")]
    deny: Vec<String>,
    /// From where on a rule counts, in its unit: dc-offset=0.01
    #[arg(long, value_name = "RULE=VALUE", value_parser = limit)]
    limit: Vec<(String, f64)>,
    /// Fail when anything is warned of
    #[arg(long)]
    deny_warnings: bool,
}

impl Levels {
    /// In the façade's words.
    pub(crate) fn options(&self) -> CheckOptions {
        let level = |names: &[String], level: Level| {
            let set = move |rule: &String| RuleSetting { rule: rule.clone(), level: Some(level), limit: None };
            names.iter().map(set).collect::<Vec<_>>()
        };
        let limit =
            |(rule, limit): &(String, f64)| RuleSetting { rule: rule.clone(), level: None, limit: Some(*limit) };
        let mut rules = level(&self.allow, Level::Allow);
        rules.extend(level(&self.warn, Level::Warn));
        rules.extend(level(&self.deny, Level::Deny));
        rules.extend(self.limit.iter().map(limit));
        CheckOptions { rules, deny_warnings: self.deny_warnings }
    }
}

/// `rule=number`.
fn limit(text: &str) -> Result<(String, f64), String> {
    let (rule, value) = pair(text)?;
    match value.replace('−', "-").parse() {
        Ok(number) => Ok((rule, number)),
        Err(_) => Err(format!("`{value}` is no number; a limit is given in the rule's unit, without it")),
    }
}

/// Mending.
#[derive(Debug, ClapArgs)]
pub(crate) struct Fixing {
    /// Mend in the document what can be mended without harm; audio files are never touched. With --notes, notes too
    #[arg(long)]
    pub(crate) fix: bool,
    /// Only show what --fix would change
    #[arg(long, requires = "fix")]
    pub(crate) dry_run: bool,
}

/// `compare`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Compare {
    /// The first file: what the second is held against
    pub(crate) first: PathBuf,
    /// The second file
    pub(crate) second: PathBuf,
    /// What is made equal first: loudness, null (the gain at which least is left), or off
    #[arg(long, value_name = "WHAT", default_value = "loudness", hide_possible_values = true)]
    level: Matched,
    /// Take both from their beginnings, without looking for where one lies in the other
    #[arg(long)]
    pub(crate) no_align: bool,
    /// Write the difference, first − second, here (.wav in floating point, .flac in 24 bits)
    #[arg(long, value_name = "FILE")]
    pub(crate) residual: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Matched {
    Loudness,
    Null,
    Off,
}

impl Compare {
    /// In the façade's words.
    pub(crate) fn level(&self) -> LevelMatch {
        match self.level {
            Matched::Loudness => LevelMatch::Loudness,
            Matched::Null => LevelMatch::Null,
            Matched::Off => LevelMatch::Off,
        }
    }
}

/// `diff`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The document as it was, or the only one
    pub(crate) first: PathBuf,
    /// The document as it is
    pub(crate) second: Option<PathBuf>,
    /// Take the document in this version
    #[arg(long, value_name = "ID")]
    pub(crate) version: Option<String>,
    /// Hold it against this version of the first document
    #[arg(long, value_name = "ID")]
    pub(crate) against: Option<String>,
}

/// `disc`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Disc {
    /// The folder with DDPID, DDPMS and the image
    pub(crate) folder: PathBuf,
    /// Hold it against this fileset: places, codes, texts, and the audio sample by sample
    #[arg(long, value_name = "FOLDER")]
    pub(crate) against: Option<PathBuf>,
    /// Write its tracks into this folder, as WAV files of 16 bits that are to the bit what is on the disc
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Only this track; 0 is what is hidden before the first
    #[arg(long, value_name = "N", requires = "output")]
    pub(crate) track: Option<usize>,
}

/// `abx`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Abx {
    /// The file called A
    pub(crate) first: PathBuf,
    /// The file called B
    pub(crate) second: PathBuf,
    /// How many times X is to be told
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) trials: u32,
    /// Where the excerpt begins, in seconds
    #[arg(long, value_name = "S", allow_negative_numbers = true, default_value_t = 0.0, value_parser = seconds)]
    pub(crate) from: f64,
    /// How long it is, in seconds
    #[arg(long, value_name = "S", allow_negative_numbers = true, default_value_t = 20.0, value_parser = seconds)]
    pub(crate) length: f64,
    /// The program that plays a file, its name being added [default: the first found of pw-play, paplay, aplay, afplay, ffplay]
    #[arg(long, value_name = "COMMAND", env = "TONMEISTER_PLAYER")]
    pub(crate) player: Option<String>,
    /// Hide the same things again
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// A page's name, which says what kind it is.
fn page(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("html" | "htm" | "pdf") => Ok(path),
        _ => Err("the name should end in .html or .pdf, which decides the kind".into()),
    }
}

/// From 0 s to a day.
fn seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "a number of seconds, such as 12.5".to_string())?;
    if (0.0..=86_400.0).contains(&value) { Ok(value) } else { Err("from 0 to 86400 s".into()) }
}

/// `demo`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Where it goes
    #[arg(default_value = "demo")]
    pub(crate) folder: PathBuf,
    /// Only one song of the album: its stems, its document, its mix and its master
    #[arg(long, value_name = "NAME", value_parser = SONGS.map(|song| song.id))]
    pub(crate) song: Option<String>,
}

/// `targets`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Targets {
    /// A file of targets in place of the built-in ones
    #[arg(long, value_name = "FILE", env = "TONMEISTER_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    /// Write the built-in ones to this new file, to be edited
    #[arg(long, value_name = "FILE", conflicts_with = "targets")]
    pub(crate) write: Option<PathBuf>,
}
