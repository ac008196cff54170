//! The PQ sheet: what stands where on a disc, for people. It goes to the plant with the master and is signed there.

use std::fmt;

use tonmeister_core::codes::{Barcode, Isrc};

use crate::cdtext::Block;
use crate::toc::{Disc, Sectors};

/// What a line of the sheet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// An index of a track: 0 is its pause, 1 its beginning.
    Index {
        /// From 1.
        track: usize,
        /// 0 to 99.
        index: usize,
    },
    /// Where the program ends.
    LeadOut,
}

/// A line of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub place: Place,
    /// The time from the start of the program, as the Q channel's absolute time.
    pub absolute: Sectors,
    /// The time a player shows. In a pause it counts down to the track's beginning.
    pub relative: Sectors,
    /// From here to the next line.
    pub length: Sectors,
}

/// A track of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackLine {
    /// From 1.
    pub number: usize,
    /// Its title, where one is known.
    pub title: String,
    /// Who plays, where it is known.
    pub performer: String,
    /// Its recording's code.
    pub isrc: Option<Isrc>,
    /// Its flags as a cue sheet names them.
    pub flags: Vec<&'static str>,
    /// The pause before it.
    pub pause: Sectors,
    /// Where it begins (index 1).
    pub start: Sectors,
    /// From its index 1 to the next track's pause or index 1: what a player plays of it.
    pub length: Sectors,
}

/// A disc as it is printed. [`fmt::Display`] gives the sheet as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PqSheet {
    /// The disc's title, where one is known.
    pub title: String,
    /// Who plays.
    pub performer: String,
    /// The master's name.
    pub master_id: String,
    /// The release's EAN.
    pub ean: Option<Barcode>,
    /// Every track.
    pub tracks: Vec<TrackLine>,
    /// Every index and the lead-out, in order.
    pub lines: Vec<Line>,
    /// Music and pauses from the first track's index 1 to the lead-out.
    pub playing: Sectors,
    /// Where the lead-out begins.
    pub end: Sectors,
}

impl PqSheet {
    /// The sheet of a disc, with the texts of a block where there is one.
    pub fn new(disc: &Disc, text: Option<&Block>, master_id: &str) -> PqSheet {
        let title = |texts: Option<&crate::cdtext::Texts>| texts.cloned().unwrap_or_default();
        let whole = title(text.map(|t| &t.disc));
        let mut tracks = Vec::new();
        let mut lines: Vec<Line> = Vec::new();
        for (n, track) in disc.tracks.iter().enumerate() {
            let number = n + 1;
            let texts = title(text.and_then(|t| t.tracks.get(n)).map(|t| &t.texts));
            let start = track.start();
            tracks.push(TrackLine {
                number,
                title: texts.title,
                performer: texts.performer,
                isrc: track.isrc,
                flags: track.flags.words(),
                pause: start - track.begin(),
                start,
                length: disc.track(number).map_or(Sectors(0), |range| range.end - range.start),
            });
            let pause = track.pause.map(|at| (0, at)).into_iter();
            for (index, absolute) in pause.chain(track.indexes.iter().enumerate().map(|(i, at)| (i + 1, *at))) {
                let relative = if index == 0 { start - absolute } else { absolute - start };
                lines.push(Line {
                    place: Place::Index { track: number, index },
                    absolute,
                    relative,
                    length: Sectors(0),
                });
            }
        }
        lines.push(Line { place: Place::LeadOut, absolute: disc.end, relative: Sectors(0), length: Sectors(0) });
        for n in 1..lines.len() {
            lines[n - 1].length = lines[n].absolute - lines[n - 1].absolute;
        }
        PqSheet {
            title: whole.title,
            performer: whole.performer,
            master_id: master_id.to_owned(),
            ean: disc.ean,
            tracks,
            lines,
            playing: disc.end - disc.first_pause().end,
            end: disc.end,
        }
    }
}

impl fmt::Display for PqSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "PQ SHEET")?;
        writeln!(f)?;
        let none = "-".to_owned();
        let ean = self.ean.map_or(none.clone(), |code| code.ean().to_owned());
        let tracks = self.tracks.len().to_string();
        let facts = [
            ("Title", &self.title),
            ("Performer", &self.performer),
            ("Master", &self.master_id),
            ("EAN", &ean),
            ("Tracks", &tracks),
            ("Playing time", &self.playing.to_string()),
            ("Lead-out", &self.end.to_string()),
        ];
        for (name, value) in facts {
            writeln!(f, "{name:<13} {}", if value.is_empty() { &none } else { value })?;
        }
        writeln!(f)?;
        writeln!(f, "Track  Start     Length    Pause     ISRC             Flags     Title")?;
        for track in &self.tracks {
            let isrc = track.isrc.map_or(none.clone(), |code| code.hyphenated());
            let flags = if track.flags.is_empty() { none.clone() } else { track.flags.join(" ") };
            let by = if track.performer.is_empty() { String::new() } else { format!(" ({})", track.performer) };
            let line = format!(
                "{:>5}  {}  {}  {}  {isrc:<15}  {flags:<8}  {}{by}",
                format!("{:02}", track.number),
                track.start,
                track.length,
                track.pause,
                track.title
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f)?;
        writeln!(f, "Track  Index  Absolute   Relative  Length")?;
        for line in &self.lines {
            match line.place {
                Place::Index { track, index } => {
                    let sign = if index == 0 { '-' } else { ' ' };
                    writeln!(
                        f,
                        "   {track:02}     {index:02}  {}  {sign}{}  {}",
                        line.absolute, line.relative, line.length
                    )?;
                }
                Place::LeadOut => writeln!(f, "   AA     01  {}", line.absolute)?,
            }
        }
        writeln!(f)?;
        writeln!(
            f,
            "Times are minutes:seconds:frames, 75 frames a second. Absolute times count from the program's start;"
        )?;
        writeln!(f, "relative ones are what a player shows, counting down in pauses (index 00).")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cdtext::{Texts, TrackText};

    /// The sheet as it is printed, checked by hand: two seconds, 4:00:10 of song, a pause of two seconds, 3:10:00 of song
    /// with an index 2 after a minute.
    #[test]
    fn the_sheet_says_where_everything_stands() {
        let mut disc = Disc::of_lengths(&[(Sectors(150), (4 * 4500 + 10) * 588), (Sectors(150), 190 * 44_100)]);
        disc.ean = "4006381333931".parse().ok();
        disc.tracks[0].isrc = "GBABC2600001".parse().ok();
        disc.tracks[1].flags.pre_emphasis = true;
        let second = disc.tracks[1].start() + Sectors(4500);
        disc.tracks[1].indexes.push(second);
        let texts = |title: &str| Texts { title: title.into(), performer: "Jalal".into(), ..Texts::default() };
        let tracks = vec![TrackText { texts: texts("Eins"), isrc: None }, TrackText::default()];
        let block = Block { disc: texts("Träume"), tracks, ..Block::default() };
        let sheet = PqSheet::new(&disc, Some(&block), "TM-1");
        let expected = "\
PQ SHEET

Title         Träume
Performer     Jalal
Master        TM-1
EAN           4006381333931
Tracks        2
Playing time  07:12:10
Lead-out      07:14:10

Track  Start     Length    Pause     ISRC             Flags     Title
   01  00:02:00  04:00:10  00:02:00  GB-ABC-26-00001  -         Eins (Jalal)
   02  04:04:10  03:10:00  00:02:00  -                PRE

Track  Index  Absolute   Relative  Length
   01     00  00:00:00  -00:02:00  00:02:00
   01     01  00:02:00   00:00:00  04:00:10
   02     00  04:02:10  -00:02:00  00:02:00
   02     01  04:04:10   00:00:00  01:00:00
   02     02  05:04:10   01:00:00  02:10:00
   AA     01  07:14:10

Times are minutes:seconds:frames, 75 frames a second. Absolute times count from the program's start;
relative ones are what a player shows, counting down in pauses (index 00).
";
        assert_eq!(sheet.to_string(), expected);
        assert_eq!(sheet.lines.len(), 6);
        // Lengths add up to the whole disc.
        assert_eq!(sheet.lines.iter().map(|l| l.length.0).sum::<u32>(), disc.end.0);
        let bare = PqSheet::new(&disc, None, "");
        assert!(bare.to_string().contains("Title         -\n"));
    }
}
