//! The PQ descriptor: a packet of 64 bytes for the lead-in, each index and the lead-out, as the Q channel will say it.

use std::path::Path;

use tonmeister_core::Diagnostic;
use tonmeister_core::codes::{Barcode, Isrc};

use super::record::{Field, blank, number, put, text};
use crate::error::ReleaseError;
use crate::toc::{Copy, Disc, Flags, Sectors, Track};

pub(super) const BYTES: usize = 64;
const MARK: Field = Field(0, 4);
const TRACK: Field = Field(4, 2);
const INDEX: Field = Field(6, 2);
const TIME: Field = Field(8, 8);
const CONTROL: Field = Field(16, 2);
const ISRC: Field = Field(20, 12);
const UPC: Field = Field(32, 13);

/// The packets of a disc that keeps the rules: lead-in with the EAN, each track's indexes with the ISRC on its first, the
/// lead-out twice, as every writer does.
pub(super) fn bytes(disc: &Disc) -> Vec<u8> {
    let none = Flags::default();
    let mut out = Vec::new();
    let mut put_packet = |track: &str, index: usize, time, flags, isrc: Option<Isrc>, ean: Option<Barcode>| {
        out.extend_from_slice(&packet(track, index, time, flags, isrc, ean));
    };
    put_packet("00", 0, Sectors(0), none, None, disc.ean);
    for (n, track) in disc.tracks.iter().enumerate() {
        let number = format!("{:02}", n + 1);
        let mut isrc = track.isrc;
        if let Some(pause) = track.pause {
            put_packet(&number, 0, pause, track.flags, isrc.take(), None);
        }
        for (index, time) in track.indexes.iter().enumerate() {
            put_packet(&number, index + 1, *time, track.flags, isrc.take(), None);
        }
    }
    for _ in 0..2 {
        put_packet("AA", 1, disc.end, none, None, None);
    }
    out
}

fn packet(
    track: &str,
    index: usize,
    time: Sectors,
    flags: Flags,
    isrc: Option<Isrc>,
    ean: Option<Barcode>,
) -> [u8; BYTES] {
    let mut record = blank();
    put(&mut record, MARK, "VVVS");
    put(&mut record, TRACK, track);
    put(&mut record, INDEX, &format!("{index:02}"));
    let (m, s, f) = time.msf();
    put(&mut record, TIME, &format!("  {m:02}{s:02}{f:02}"));
    let mode = if flags.copy == Copy::Once { 'S' } else { '1' };
    put(&mut record, CONTROL, &format!("{:X}{mode}", flags.control()));
    if let Some(code) = isrc {
        put(&mut record, ISRC, code.as_str());
    }
    if let Some(code) = ean {
        put(&mut record, UPC, code.ean());
    }
    record
}

/// What a PQ descriptor says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Described {
    /// The disc: of several sessions, the first.
    pub disc: Disc,
    /// What was not as it should be, and what was done about it.
    pub findings: Vec<Diagnostic>,
}

/// Reads a PQ descriptor: one or two packets of lead-out, the ISRC on one or on every packet of a track, the EAN on any.
///
/// # Errors
/// When it is no row of packets, its tracks are not in order, or a field is not what it must be. `path` names it.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Described, ReleaseError> {
    let (records, rest) = bytes.as_chunks::<BYTES>();
    if records.is_empty() || rest.iter().any(|b| !matches!(b, 0 | b' ' | b'\r' | b'\n' | 0x1A)) {
        let found = format!("expected packets of {BYTES} bytes, found {} bytes", bytes.len());
        return Err(ReleaseError::damaged(path, "its end", found));
    }
    let mut reading = Reading { path, described: Described::default(), over: false };
    for (n, record) in records.iter().enumerate() {
        let place = n * BYTES;
        if !reading.packet(place, record)? {
            let message =
                "the PQ descriptor goes on behind the lead-out: a second session, which is not read".to_owned();
            let help = "a CD Extra's data session is left out; only its audio is read";
            reading.described.findings.push(Diagnostic::warning("ddp-session", message).help(help));
            break;
        }
    }
    if !reading.over {
        return Err(ReleaseError::damaged(path, "its end", "expected a packet of the lead-out (AA), found none"));
    }
    Ok(reading.described)
}

struct Reading<'a> {
    path: &'a Path,
    described: Described,
    /// The lead-out was seen.
    over: bool,
}

impl Reading<'_> {
    /// One packet; `false` when it begins another session.
    fn packet(&mut self, place: usize, record: &[u8; BYTES]) -> Result<bool, ReleaseError> {
        let mark = text(record, MARK);
        if mark != "VVVS" {
            let found = format!("expected the mark VVVS of a packet, found `{}`", mark.escape_debug());
            return Err(self.damaged(place, MARK, found));
        }
        let track = text(record, TRACK);
        let lead_out = track == "AA";
        if self.over && !lead_out {
            return Ok(false);
        }
        let time = self.time(place, record)?;
        self.ean(record);
        if lead_out {
            if self.over && self.described.disc.end != time {
                return Err(self.damaged(place, TIME, "the lead-out is repeated at another time".into()));
            }
            self.described.disc.end = time;
            self.over = true;
            return Ok(true);
        }
        let numbers = (number(record, TRACK), number(record, INDEX));
        let (Ok(Some(track)), Ok(Some(index))) = numbers else {
            let found = format!("expected a track and an index, found `{}` and `{}`", track, text(record, INDEX));
            return Err(self.damaged(place, TRACK, found.escape_debug().to_string()));
        };
        if track > 0 {
            self.index(place, record, track, index, time)?;
        }
        Ok(true)
    }

    fn damaged(&self, place: usize, field: Field, found: String) -> ReleaseError {
        ReleaseError::damaged(self.path, format!("byte {}", place + field.0), found)
    }

    fn time(&self, place: usize, record: &[u8; BYTES]) -> Result<Sectors, ReleaseError> {
        // Hours, where they stand, are zero; a time may be padded with spaces inside its pairs.
        let pair = |at: usize| number(record, Field(at, 2)).ok().map(|n| n.unwrap_or(0) as u32);
        let hours = pair(8).filter(|h| *h == 0);
        let time = hours.and_then(|_| Sectors::from_msf(pair(10)?, pair(12)?, pair(14)?));
        time.ok_or_else(|| {
            let found = text(record, TIME);
            self.damaged(place, TIME, format!("expected a time MMSSFF, found `{}`", found.escape_debug()))
        })
    }

    fn ean(&mut self, record: &[u8; BYTES]) {
        let code = text(record, UPC);
        if code.is_empty() {
            return;
        }
        let finding = match (code.parse::<Barcode>(), self.described.disc.ean) {
            (Ok(code), None) => {
                self.described.disc.ean = Some(code);
                return;
            }
            (Ok(code), Some(before)) if code == before => return,
            (Ok(code), Some(before)) => format!("the PQ descriptor has two EANs, {before} and {code}"),
            (Err(wrong), _) => format!("in the PQ descriptor, {wrong}"),
        };
        // HOFA repeats the code on every packet; it is complained about once.
        if self.described.findings.iter().all(|f| f.message != finding) {
            let help = "write the fileset again with the code under the bar code";
            self.described.findings.push(Diagnostic::error("ddp-ean", finding).help(help));
        }
    }

    fn index(
        &mut self,
        place: usize,
        record: &[u8; BYTES],
        track: u64,
        index: u64,
        time: Sectors,
    ) -> Result<(), ReleaseError> {
        let tracks = self.described.disc.tracks.len() as u64;
        let flags = self.flags(place, record)?;
        if track == tracks + 1 {
            if index > 1 {
                let found = format!("expected index 0 or 1 of track {track}, found {index}");
                return Err(self.damaged(place, INDEX, found));
            }
            self.described.disc.tracks.push(Track { flags, ..Track::default() });
        } else if track != tracks {
            let found = format!("expected track {tracks} or {}, found {track}", tracks + 1);
            return Err(self.damaged(place, TRACK, found));
        }
        let isrc = text(record, ISRC);
        let path = self.path;
        let Described { disc, findings } = &mut self.described;
        let Some(now) = disc.tracks.last_mut() else { return Ok(()) };
        let due = now.indexes.len() as u64 + 1;
        if index == 0 && now.pause.is_none() && now.indexes.is_empty() {
            now.pause = Some(time);
        } else if index == due {
            now.indexes.push(time);
        } else {
            let found = format!("expected index {due} of track {track}, found {index}");
            return Err(ReleaseError::damaged(path, format!("byte {}", place + INDEX.0), found));
        }
        if now.flags != flags {
            let message =
                format!("the flags of track {track} change at its index {index}; those of its first packet are used");
            findings.push(Diagnostic::warning("ddp-flags", message).help("write the fileset again"));
        }
        if !isrc.is_empty() {
            let finding = match (isrc.parse::<Isrc>(), now.isrc) {
                (Ok(code), None) => {
                    now.isrc = Some(code);
                    return Ok(());
                }
                (Ok(code), Some(before)) if code == before => return Ok(()),
                (Ok(code), Some(before)) => format!("track {track} has two ISRCs, {before} and {code}"),
                (Err(wrong), _) => format!("track {track}: {wrong}"),
            };
            findings.push(Diagnostic::error("ddp-isrc", finding).help("write the fileset again with the right code"));
        }
        Ok(())
    }

    fn flags(&mut self, place: usize, record: &[u8; BYTES]) -> Result<Flags, ReleaseError> {
        let wrong = || {
            let found = text(record, CONTROL);
            self.damaged(
                place,
                CONTROL,
                format!("expected a control digit and 1 or S, found `{}`", found.escape_debug()),
            )
        };
        let [control, mode] = [record[CONTROL.0], record[CONTROL.0 + 1]].map(char::from);
        let bits = control.to_digit(16).ok_or_else(wrong)?;
        let scms = match mode {
            '1' => false,
            'S' => true,
            _ => return Err(wrong()),
        };
        if bits & 4 != 0 {
            return Err(self.damaged(place, CONTROL, "this is a data track; only discs of audio are read".into()));
        }
        let copy = match (bits & 2 != 0, scms) {
            (_, true) => Copy::Once,
            (true, false) => Copy::Permitted,
            (false, false) => Copy::Prohibited,
        };
        if bits & 2 != 0 && scms {
            let message = "a track is flagged as DCP and SCMS, which exclude each other; SCMS is used".to_owned();
            self.described.findings.push(Diagnostic::error("ddp-copy", message).help("choose one of them"));
        }
        Ok(Flags { pre_emphasis: bits & 1 != 0, copy, four_channel: bits & 8 != 0 })
    }
}
