//! The release for whoever takes it on: every file with everything that is known of its song, as a table (`manifest.csv`)
//! and as JSON (`manifest.json`), and the sums by which it is seen whether they came over whole (`checksums.md5`, as
//! `md5sum -c` reads them).
//!
//! The table is RFC 4180's, UTF-8, with a row for each audio file of a song; names are held apart by semicolons.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use serde::Serialize;
use tonmeister_media::Tags;
use tonmeister_media::tags::{Advisory, Role};
use tonmeister_session::album::Album;

use super::crew;
use super::editions::Edition;
use super::lock::{Locked, keep, plain, put};
use super::studio::{Studio, Trouble};
use super::texts::of_version;
use super::verify::Checked;

/// The table.
const TABLE: &str = "manifest.csv";
/// The same for programs.
const JSON: &str = "manifest.json";
/// The sums.
const SUMS: &str = "checksums.md5";
/// All of them, from the release's folder.
pub(crate) const FILES: [&str; 3] = [TABLE, JSON, SUMS];

/// What it tells of.
pub(crate) struct Told<'a> {
    pub(crate) album: &'a Album,
    /// Each song's tags, without its gains.
    pub(crate) tags: &'a [Tags],
    pub(crate) editions: &'a [Edition],
}

/// A release.
#[derive(Serialize)]
struct Manifest {
    release: About,
    /// Every recording: each song, and each version of it that has files.
    recordings: Vec<Recording>,
    /// What belongs to no song: a disc, sides, sheets.
    files: Vec<Sum>,
}

#[derive(Serialize)]
struct About {
    title: String,
    artist: String,
    label: Option<String>,
    catalog_number: Option<String>,
    upc: Option<String>,
    release_date: Option<String>,
    recording_date: Option<String>,
    phonogram: Option<String>,
    copyright: Option<String>,
    genre: Option<String>,
    language: Option<String>,
    disc: Option<u16>,
    discs: Option<u16>,
    tracks: usize,
}

#[derive(Serialize)]
struct Recording {
    track: Option<u16>,
    title: String,
    version: Option<String>,
    /// As it is shown: `Ann & Bo feat. Cy`.
    artist: Option<String>,
    /// Everybody who is named, by what they did.
    credits: Vec<Credited>,
    isrc: Option<String>,
    genre: Option<String>,
    language: Option<String>,
    explicit: Option<bool>,
    lyrics: Option<String>,
    files: Vec<Audio>,
}

#[derive(Serialize)]
struct Credited {
    role: String,
    names: Vec<String>,
}

#[derive(Serialize)]
struct Audio {
    #[serde(flatten)]
    sum: Sum,
    format: String,
    sample_rate_hz: u32,
    seconds: f64,
    integrated_lufs: Option<f64>,
    true_peak_dbtp: Option<f64>,
}

#[derive(Clone, Serialize)]
struct Sum {
    path: String,
    bytes: u64,
    md5: String,
}

/// Writes all three, each whole or not at all.
pub(crate) fn write(studio: &mut dyn Studio, told: &Told<'_>, files: &[Locked], out: &Path) -> Result<(), Trouble> {
    let sizes: Vec<u64> = files.iter().map(|file| file.bytes).collect();
    let sums = crew::each(studio, "Summing up the files", &sizes, |studio, place| {
        let file = &files[place];
        let sum = Sum { path: file.path.clone(), bytes: file.bytes, md5: md5_of(&out.join(&file.path))? };
        studio.advance(file.bytes)?;
        Ok(sum)
    })?;
    let manifest = manifest(told, files, &sums);
    keep(&out.join(JSON), &manifest)?;
    put(&out.join(TABLE), manifest.table().as_bytes())?;
    let own = [JSON, TABLE].map(|name| Ok((md5_of(&out.join(name))?, name)));
    let own = own.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let mut text = String::new();
    for (md5, path) in
        sums.iter().map(|sum| (&sum.md5, sum.path.as_str())).chain(own.iter().map(|(md5, name)| (md5, *name)))
    {
        // Two spaces: of text and bytes, which are one everywhere but on Windows.
        let _ = writeln!(text, "{md5}  {path}");
    }
    put(&out.join(SUMS), text.as_bytes())
}

/// Whether what was written for the distributor is there, and speaks of the files as they are: nothing is added, left out
/// or changed. Of the release's files it is known whether they are whole: a sum that is right for nothing else is not told
/// of one that is not.
pub(crate) fn verify(folder: &Path, files: &[(&str, bool)]) -> Vec<Checked> {
    let told = |name: &str, problem: Option<String>| Checked { path: name.into(), problem };
    let text = match std::fs::read_to_string(folder.join(SUMS)) {
        Ok(text) => text,
        Err(error) => return vec![told(SUMS, Some(plain(&error)))],
    };
    let mut sums: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once("  ")).collect();
    let mut first = None;
    let mut check = |path: &str| {
        let known = sums.iter().position(|(_, of)| *of == path).map(|place| sums.swap_remove(place).0);
        let problem = match (known, md5_sum(&folder.join(path))) {
            (_, Err(error)) => Some(plain(&error)),
            (None, Ok(_)) => Some(format!("has no sum in {SUMS}")),
            (Some(sum), Ok(found)) if sum != found => Some(format!("has another sum than {SUMS} says")),
            _ => None,
        };
        problem.map(|problem| (path.to_owned(), problem))
    };
    for (path, whole) in files {
        let wrong = check(path);
        first = first.or(wrong.filter(|_| *whole));
    }
    let own = [TABLE, JSON].map(|name| told(name, check(name).map(|(_, problem)| problem)));
    let left = sums.first().map(|(_, path)| format!("names {path}, which is no file of this release"));
    let problem = first.map(|(path, problem)| format!("{path} {problem}")).or(left);
    own.into_iter().chain([told(SUMS, problem)]).collect()
}

fn md5_of(path: &Path) -> Result<String, Trouble> {
    md5_sum(path).map_err(|e| Trouble::output(path, plain(&e)))
}

fn md5_sum(path: &Path) -> std::io::Result<String> {
    let mut sum = md5::Context::new();
    std::io::copy(&mut File::open(path)?, &mut sum)?;
    Ok(format!("{:x}", sum.finalize()))
}

fn manifest(told: &Told<'_>, files: &[Locked], sums: &[Sum]) -> Manifest {
    let about = &told.album.about;
    let release = About {
        title: told.album.title.clone(),
        artist: told.album.artist.clone(),
        label: about.label.clone(),
        catalog_number: about.catalog_number.clone(),
        upc: about.upc.map(|code| code.as_str().to_owned()),
        release_date: about.release_date.map(|date| date.to_string()),
        recording_date: about.recording_date.map(|date| date.to_string()),
        phonogram: about.phonogram.clone(),
        copyright: about.copyright.clone(),
        genre: about.genre.clone(),
        language: about.language.map(|language| language.to_string()),
        disc: about.disc.map(|(number, _)| number),
        discs: about.disc.and_then(|(_, of)| of),
        tracks: told.album.songs.iter().filter(|song| !song.hidden).count(),
    };
    let mut recordings: Vec<(usize, Option<&str>, Recording)> = Vec::new();
    let mut rest = Vec::new();
    for (file, sum) in files.iter().zip(sums) {
        let Some(song) = file.song else {
            rest.push(sum.clone());
            continue;
        };
        let version = file.version.as_deref();
        let known = recordings.iter().position(|(own, of, _)| *own == song && *of == version);
        let place = known.unwrap_or_else(|| {
            recordings.push((song, version, recording(&tags(told, song, version))));
            recordings.len() - 1
        });
        recordings[place].2.files.push(Audio {
            sum: sum.clone(),
            format: file.format.clone(),
            sample_rate_hz: file.sample_rate_hz,
            seconds: file.frames as f64 / f64::from(file.sample_rate_hz.max(1)),
            integrated_lufs: file.levels.integrated_lufs,
            true_peak_dbtp: file.levels.true_peak_dbtp,
        });
    }
    // The songs in their order, each with its versions behind it.
    recordings.sort_by_key(|(song, _, _)| *song);
    let recordings = recordings.into_iter().map(|(_, _, recording)| recording).collect();
    Manifest { release, recordings, files: rest }
}

/// What the files of a song, or of its version, say.
fn tags(told: &Told<'_>, song: usize, version: Option<&str>) -> Tags {
    let own = &told.tags[song];
    let edition = told.editions.iter().find(|edition| Some(edition.id.as_str()) == version);
    let named = edition.and_then(|edition| {
        let place = edition.places.iter().position(|place| *place == song)?;
        Some(of_version(own, &edition.names[place], edition.is_mono()))
    });
    named.unwrap_or_else(|| own.clone())
}

fn recording(tags: &Tags) -> Recording {
    let credits = Role::ALL.into_iter().filter_map(|role| {
        let names: Vec<String> = tags.credited(role).into_iter().map(str::to_owned).collect();
        (!names.is_empty()).then(|| Credited { role: role.to_string(), names })
    });
    Recording {
        track: tags.track.map(|track| track.number),
        title: tags.title.clone().unwrap_or_default(),
        version: tags.version.clone(),
        artist: tags.display_artist(),
        credits: credits.collect(),
        isrc: tags.isrc.map(|code| code.as_str().to_owned()),
        genre: tags.genres.first().cloned(),
        language: tags.language.map(|language| language.to_string()),
        explicit: tags.advisory.map(|advisory| advisory == Advisory::Explicit),
        lyrics: tags.lyrics.clone(),
        files: Vec::new(),
    }
}

impl Manifest {
    /// A row for each audio file, with all that is known of its recording and its release.
    fn table(&self) -> String {
        let roles = Role::ALL.map(|role| role.to_string());
        let before =
            ["file", "format", "sample_rate_hz", "seconds", "bytes", "md5", "integrated_lufs", "true_peak_dbtp"];
        let of_song = ["track", "title", "version", "artist", "isrc", "genre", "language", "explicit"];
        let of_release = [
            "release_title",
            "release_artist",
            "label",
            "catalog_number",
            "upc",
            "release_date",
            "recording_date",
            "phonogram",
            "copyright",
            "disc",
            "discs",
            "tracks",
        ];
        let mut head: Vec<String> = before.iter().chain(&of_song).map(|name| (*name).to_owned()).collect();
        head.extend(roles.iter().map(|role| role.replace(' ', "_")));
        head.extend(of_release.iter().chain(&["lyrics"]).map(|name| (*name).to_owned()));
        let mut text = row(&head);
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        let number = |value: Option<u16>| value.map_or_else(String::new, |value| value.to_string());
        let decibels = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        let release = &self.release;
        for recording in &self.recordings {
            let explicit = recording.explicit.map_or("", |yes| if yes { "yes" } else { "no" });
            let named = |role: &String| {
                let credit = recording.credits.iter().find(|credit| credit.role == *role);
                credit.map_or_else(String::new, |credit| credit.names.join("; "))
            };
            for file in &recording.files {
                let mut cells = vec![
                    file.sum.path.clone(),
                    file.format.clone(),
                    file.sample_rate_hz.to_string(),
                    format!("{:.3}", file.seconds),
                    file.sum.bytes.to_string(),
                    file.sum.md5.clone(),
                    decibels(file.integrated_lufs),
                    decibels(file.true_peak_dbtp),
                    number(recording.track),
                    recording.title.clone(),
                    some(&recording.version),
                    some(&recording.artist),
                    some(&recording.isrc),
                    some(&recording.genre),
                    some(&recording.language),
                    explicit.to_owned(),
                ];
                cells.extend(roles.iter().map(named));
                cells.extend([
                    release.title.clone(),
                    release.artist.clone(),
                    some(&release.label),
                    some(&release.catalog_number),
                    some(&release.upc),
                    some(&release.release_date),
                    some(&release.recording_date),
                    some(&release.phonogram),
                    some(&release.copyright),
                    number(release.disc),
                    number(release.discs),
                    release.tracks.to_string(),
                    some(&recording.lyrics),
                ]);
                text += &row(&cells);
            }
        }
        text
    }
}

/// A row of a table: cells with commas, quotes or line ends stand in quotes.
fn row(cells: &[String]) -> String {
    let cell = |cell: &String| {
        if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn cells_stand_in_quotes_where_they_must() {
        let cells = ["a", "b, c", "\"d\"", "e\nf", " g", ""].map(str::to_owned);
        assert_eq!(row(&cells), "a,\"b, c\",\"\"\"d\"\"\",\"e\nf\",\" g\",\r\n");
    }
}
