//! What a release came to, as values that a report or a script reads.

use serde::Serialize;
use tonmeister_session::album::Album;
use tonmeister_session::album::model::{IntoNext, Mode};

use super::balance::Session;
use super::editions::Remark;
use super::even::{self, Evened, Lie};
use super::files::Set;
use super::image::DiscReport;
use super::levels::Levels;
use super::lock::{Locked, Solution};
use super::lossy::Looped;
use super::mono::Fold;
use super::services::Preview;
use super::sides::MediumReport;
use super::solve::Held;
use super::stages::Excerpt;

/// A release, or the plan of one.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The album's title.
    pub title: String,
    /// Whose album it is.
    pub artist: String,
    /// Whether this is only what would be made: levels are then predicted.
    pub planned: bool,
    /// `album` or `song`.
    pub mode: &'static str,
    /// The loudness that was asked for.
    pub loudness_lufs: f64,
    /// The ceiling that was asked for.
    pub ceiling_dbtp: f64,
    /// The rate the songs were put together at.
    pub sample_rate_hz: u32,
    /// Length of it all in seconds.
    pub seconds: f64,
    /// The gain of the whole album, in album mode.
    pub gain_db: Option<f64>,
    /// Whether every loudness that was asked for was reached, and every file keeps the ceiling.
    pub reached: bool,
    /// The songs.
    pub songs: Vec<SongReport>,
    /// The files.
    pub files: Vec<FileReport>,
    /// What the codec loop did.
    pub codecs: Vec<Looped>,
    /// The compact disc, if one is asked for.
    pub disc: Option<DiscReport>,
    /// The record and the cassette, if they are asked for.
    pub media: Vec<MediumReport>,
    /// How the songs lie to each other, where that is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Evened>,
    /// What each stage did to each song, at equal loudness.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Excerpt>,
    /// What the songs lose in mono, where that is delivered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mono: Vec<Fold>,
    /// What is not as it should be, with a remedy each.
    pub failed: Vec<Failed>,
}

/// A song of a release.
#[derive(Clone, Debug, Serialize)]
pub struct SongReport {
    /// Its number; none for one that is hidden.
    pub number: Option<usize>,
    /// Its title.
    pub title: String,
    /// Where its track begins.
    pub start_s: f64,
    /// How long its track is, the gap behind it included.
    pub seconds: f64,
    /// Where in its audio it begins.
    pub from_s: f64,
    /// How long it sounds.
    pub sounds_s: f64,
    /// The silence in front of it; below zero, how long it sounds together with the song before.
    pub gap_s: f64,
    /// Whether it and the song before are faded into each other.
    pub crossfaded: bool,
    /// Length of its fade in, a crossfade included.
    pub fade_in_s: f64,
    /// Length of its fade out, a crossfade included.
    pub fade_out_s: f64,
    /// What came.
    pub before: Levels,
    /// What is delivered: measured in the first file of it that is lossless, predicted in a plan.
    pub after: Levels,
    /// The most that the limiter took off.
    pub limiting_db: Option<f64>,
    /// What kept it from being as loud as was asked for.
    pub held: Option<Held>,
    /// It shares its gain with these neighbors, because they join without a seam.
    pub joined: bool,
    /// What services will make of it.
    pub services: Vec<Preview>,
}

/// A file of a release.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// Where it stands.
    pub path: String,
    /// Which song it is, counted from 0; none for what belongs to the whole album.
    pub song: Option<usize>,
    /// Which version of it; nothing for the one that the album has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether its format loses something.
    pub lossy: bool,
    /// Its format.
    pub format: String,
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// Its size, once it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its length in frames, once it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<u64>,
    /// Its hash, once it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// The levels of what was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<Levels>,
    /// It was there already, from an earlier run.
    pub kept: bool,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, Serialize)]
pub struct Failed {
    /// What it concerns.
    pub subject: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Report {
    /// Marks the files that were there already.
    pub(crate) fn kept(mut self, paths: &[String]) -> Self {
        for file in &mut self.files {
            file.kept = paths.contains(&file.path);
        }
        self
    }
}

impl Report {
    /// With what the codec loop did.
    pub(crate) fn looped(mut self, loops: &[Looped]) -> Self {
        self.codecs = loops.to_vec();
        self
    }

    /// With how the songs lie to each other, and their distances behind the chain where it was rendered.
    pub(crate) fn evened(mut self, album: &Album, mut songs: Vec<Lie>, behind: &[Option<f64>]) -> Self {
        let rule = &album.consistency;
        if even::measures(rule) {
            for (song, behind) in songs.iter_mut().zip(behind) {
                song.behind_db = *behind;
            }
            self.consistency = Some(Evened {
                corrected: even::corrects(rule),
                reference: rule.reference.and_then(|place| Some(self.songs.get(place)?.title.clone())),
                max_correction_db: rule.max_correction_db,
                songs,
            });
        }
        self
    }

    /// With what each stage did.
    pub(crate) fn staged(mut self, stages: &[Excerpt]) -> Self {
        self.stages = stages.to_vec();
        self
    }

    /// With what the songs lose in mono.
    pub(crate) fn folded(mut self, folds: &[Fold]) -> Self {
        for fold in folds {
            if let Some((message, remedy)) = fold.remark() {
                let subject = self.songs[fold.song].title.clone();
                self.failed.push(Failed { subject, message, remedy: remedy.into() });
            }
        }
        self.mono = folds.to_vec();
        self
    }

    /// With what is to be told of songs as versions.
    pub(crate) fn remarked(mut self, remarks: &[Remark]) -> Self {
        for remark in remarks {
            let subject = self.songs[remark.song].title.clone();
            let (message, remedy) = (remark.message.clone(), remark.remedy.clone());
            self.failed.push(Failed { subject, message, remedy });
        }
        self
    }
}

impl Report {
    /// With what can be held: a disc, a record, a cassette. In a plan their files are listed as they will be.
    pub(crate) fn with_physical(
        mut self,
        disc: Option<DiscReport>,
        media: Vec<MediumReport>,
        files: &[(String, u32)],
    ) -> Self {
        (self.disc, self.media) = (disc, media);
        if self.planned {
            self.files.extend(files.iter().map(|(path, rate)| FileReport {
                path: path.clone(),
                song: None,
                version: None,
                lossy: false,
                format: "for the plant".into(),
                sample_rate_hz: *rate,
                bytes: None,
                frames: None,
                blake3: None,
                levels: None,
                kept: false,
            }));
        }
        self
    }
}

/// Levels turned by a gain; the peaks as far as the ceiling lets them.
fn turned(levels: &Levels, db: f64, ceiling: f64) -> Levels {
    let by = |value: Option<f64>| value.map(|value| value + db);
    let true_peak_dbtp = by(levels.true_peak_dbtp).map(|peak| peak.min(ceiling));
    Levels {
        integrated_lufs: by(levels.integrated_lufs),
        max_short_term_lufs: by(levels.max_short_term_lufs),
        max_momentary_lufs: by(levels.max_momentary_lufs),
        true_peak_dbtp,
        sample_peak_dbfs: by(levels.sample_peak_dbfs).map(|peak| peak.min(ceiling)),
        plr_db: true_peak_dbtp.zip(by(levels.integrated_lufs)).map(|(peak, lufs)| peak - lufs),
        min_psr_db: None,
        dr_db: None,
        ..*levels
    }
}

/// The report of what was made; without a solution, of what would be.
pub(crate) fn report(
    session: &Session<'_>,
    titles: &[String],
    inputs: &[Levels],
    solution: Option<&Solution>,
    sets: &[Set],
    files: &[Locked],
) -> Report {
    let (album, timeline, options) = (session.album, session.timeline, session.options);
    let after = levels_after(session, inputs, solution, files);
    let whole = together(&after);
    let previews: Vec<Vec<Option<Preview>>> =
        options.services.iter().map(|service| service.preview(&after, whole)).collect();
    let seconds = |frames: u64| frames as f64 / f64::from(timeline.rate);
    let mut number = 0;
    let songs: Vec<SongReport> = timeline
        .songs
        .iter()
        .enumerate()
        .map(|(place, song)| {
            number += usize::from(!album.songs[place].hidden);
            let before = place.checked_sub(1).map(|before| &timeline.songs[before]);
            let found = solution.map(|s| if s.found.len() == 1 { s.found[0] } else { s.found[song.run] });
            SongReport {
                number: (!album.songs[place].hidden).then_some(number),
                title: titles[place].clone(),
                start_s: seconds(song.start),
                seconds: seconds(song.end - song.start),
                from_s: seconds(song.offset),
                sounds_s: seconds(song.length),
                gap_s: before.map_or(0.0, |b| seconds(song.start) - seconds(b.start + b.length)),
                crossfaded: place
                    .checked_sub(1)
                    .is_some_and(|b| matches!(album.songs[b].into_next, IntoNext::Crossfade { .. })),
                fade_in_s: seconds(song.fade_in.frames),
                fade_out_s: seconds(song.fade_out.frames),
                before: inputs[place],
                after: after[place],
                limiting_db: solution.map(|s| s.limiting_db[song.run]),
                held: found.and_then(|f| f.held),
                joined: timeline.run(song.run).len() > 1,
                services: previews.iter().filter_map(|service| service[place].clone()).collect(),
            }
        })
        .collect();
    let named = |set: &Set, song: usize, path: &String| {
        let made = files.iter().find(|file| file.path == *path);
        FileReport {
            path: path.clone(),
            song: Some(song),
            version: set.version.clone(),
            lossy: set.format.lossy(),
            format: set.format.title(),
            sample_rate_hz: set.rate,
            bytes: made.map(|file| file.bytes),
            frames: made.map(|file| file.frames),
            blake3: made.map(|file| file.blake3.clone()),
            levels: made.map(|file| file.levels),
            kept: false,
        }
    };
    let of_sets = sets.iter().flat_map(|set| {
        let paths = set.paths.iter().enumerate();
        paths.filter_map(|(song, path)| Some(named(set, song, path.as_ref()?))).collect::<Vec<_>>()
    });
    let of_album = files.iter().filter(|file| file.song.is_none()).map(|file| FileReport {
        path: file.path.clone(),
        song: None,
        version: None,
        lossy: false,
        format: file.format.clone(),
        sample_rate_hz: file.sample_rate_hz,
        bytes: Some(file.bytes),
        frames: Some(file.frames),
        blake3: Some(file.blake3.clone()),
        levels: file.levels.integrated_lufs.map(|_| file.levels),
        kept: false,
    });
    Report {
        title: album.title.clone(),
        artist: album.artist.clone(),
        planned: solution.is_none(),
        mode: match album.sound.mode {
            Mode::Album => "album",
            Mode::Song => "song",
        },
        loudness_lufs: options.loudness_lufs,
        ceiling_dbtp: options.ceiling_dbtp,
        sample_rate_hz: timeline.rate,
        seconds: seconds(timeline.frames),
        gain_db: solution.filter(|_| album.sound.mode == Mode::Album).map(|s| s.gain_db),
        reached: solution.is_none_or(|s| s.found.iter().all(|f| f.reached))
            && files.iter().all(|file| file.clipped_samples == 0 && above_ceiling(session, file).is_none()),
        codecs: Vec::new(),
        disc: None,
        media: Vec::new(),
        consistency: None,
        stages: Vec::new(),
        mono: Vec::new(),
        failed: failed(session, &songs, files),
        songs,
        files: of_sets.chain(of_album).collect(),
    }
}

/// Each song's levels in the first file of it, predicted where there is none.
fn levels_after(
    session: &Session<'_>,
    inputs: &[Levels],
    solution: Option<&Solution>,
    files: &[Locked],
) -> Vec<Levels> {
    let (album, options) = (session.album, session.options);
    let level = |place: usize| Some(inputs[place].integrated_lufs? + album.songs[place].level_db);
    let loudest = (0..inputs.len()).filter_map(level).max_by(f64::total_cmp);
    let predicted = |place: usize| {
        let gain = match (album.sound.mode, solution) {
            (Mode::Album, _) => loudest.map_or(0.0, |lufs| options.loudness_lufs - lufs) + album.songs[place].level_db,
            (Mode::Song, _) => {
                let own = inputs[place].integrated_lufs;
                own.map_or(0.0, |lufs| options.loudness_lufs - lufs) + album.songs[place].level_db
            }
        };
        turned(&inputs[place], gain, options.ceiling_dbtp)
    };
    let written = |place: usize| {
        files.iter().find(|file| file.song == Some(place) && file.version.is_none()).map(|file| file.levels)
    };
    (0..inputs.len()).map(|place| written(place).unwrap_or_else(|| predicted(place))).collect()
}

/// The loudness of all songs as one programme, from each song's own and its length.
fn together(songs: &[Levels]) -> Option<f64> {
    let parts = songs.iter().filter_map(|song| Some((song.integrated_lufs?, song.seconds)));
    let (mut power, mut seconds) = (0.0, 0.0);
    for (lufs, length) in parts {
        power += 10f64.powf(lufs / 10.0) * length;
        seconds += length;
    }
    (seconds > 0.0).then(|| 10.0 * (power / seconds).log10())
}

/// By how many dB a file of a song peaks above the ceiling once decoded, if by more than what a meter may err by.
fn above_ceiling(session: &Session<'_>, file: &Locked) -> Option<f64> {
    // Sides of a record have a peak of their own.
    let peak = file.levels.true_peak_dbtp.filter(|_| file.song.is_some())?;
    Some(peak - session.options.ceiling_dbtp).filter(|excess| *excess > 0.01)
}

/// What is not as it should be.
fn failed(session: &Session<'_>, songs: &[SongReport], files: &[Locked]) -> Vec<Failed> {
    let mut all = Vec::new();
    for song in songs {
        let Some(held) = song.held else { continue };
        let (what, remedy) = match held {
            Held::Limiting => (
                "the most limiting that is allowed",
                "ask for less loudness, raise `max_limiting_db`, or tame its peaks in the mix",
            ),
            Held::Plr => ("the least PLR that is allowed", "ask for less loudness, or lower `min_plr_db`"),
            Held::Psr => ("the least PSR that is allowed", "ask for less loudness, or lower `min_psr_db`"),
        };
        let lufs = song.after.integrated_lufs.map_or("silent".into(), |lufs| format!("{lufs:.1} LUFS"));
        all.push(Failed {
            subject: song.title.clone(),
            message: format!("is held at {lufs} by {what}"),
            remedy: remedy.into(),
        });
    }
    for file in files {
        if let Some(excess) = above_ceiling(session, file) {
            all.push(Failed {
                subject: file.path.clone(),
                message: format!("peaks {excess:.2} dB above the ceiling once decoded"),
                remedy: "lower `ceiling_dbtp`, or give it more bits".into(),
            });
        }
        if file.clipped_samples > 0 {
            all.push(Failed {
                subject: file.path.clone(),
                message: format!("{} samples were held at full scale", file.clipped_samples),
                remedy: "lower `ceiling_dbtp`".into(),
            });
        }
    }
    all
}
