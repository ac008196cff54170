//! Writing MPEG-4 audio files (ISO/IEC 14496-12 and -14): one track, ready for tags and for a fast start.
//!
//! Packets are written behind `ftyp` as they come. At the end the movie header is known; the packets are moved back on the
//! disk by its size, and it is put before them, so that a player on a network can begin at once:
//!
//! ```text
//! ftyp  moov ( mvhd, trak, udta/meta ( hdlr, ilst, free ) )  mdat
//! ```
//!
//! `ilst` is there, with room behind it, for tags. The marks of gapless play are written twice, as all programs do not read
//! the same one: an edit list (`elst`), and iTunes' comment `iTunSMPB`.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// Room for tags behind `ilst`, so that they usually need not move the sound.
const FREE: usize = 2048;
/// The header of `mdat` with a size of 64 bits.
const MDAT_HEADER: u64 = 16;
/// Bytes that are moved at once.
const MOVED: usize = 1 << 20;

/// What the one track holds.
pub(crate) struct Track {
    pub(crate) sample_rate: u32,
    pub(crate) channels: u16,
    /// Bits of a sample that the sample entry states.
    pub(crate) bits: u16,
    /// `mp4a` or `alac`.
    pub(crate) entry: [u8; 4],
    /// The codec's own box inside the entry (`esds` or `alac`), header included.
    pub(crate) setup: Vec<u8>,
    /// Frames in a packet, except perhaps the last.
    pub(crate) packet_frames: u32,
    /// Frames that the encoder delays the sound by.
    pub(crate) delay: u32,
}

/// Frames in a packet of AAC.
pub(crate) const AAC_PACKET: usize = 1024;
/// Frames that decoders of AAC have always been told to take off; ours begin with as many, so that those which look for no
/// mark are right by habit.
pub(crate) const AAC_DELAY: usize = 2112;

/// The sound of AAC of low complexity: what a decoder has to know (ISO/IEC 14496-3 §1.6.2.1), wrapped in the descriptors
/// of ISO/IEC 14496-1 §7.2.6. The stream has so many bits per second on average, and at most, in packets of at most
/// `largest` bytes.
pub(crate) fn aac_track(sample_rate: u32, channels: u16, [average, most, largest]: [u32; 3]) -> Track {
    let rate = match sample_rate {
        48_000 => 3_u16,
        44_100 => 4,
        _ => 5,
    };
    // Object type 2 (low complexity), the rate's number, the channels.
    let config = (2 << 11 | rate << 7 | channels << 3).to_be_bytes();
    let setup = full(*b"esds", 0, 0, |out| {
        // The stream, without dependencies.
        out.extend_from_slice(&[3, 3 + 15 + 4 + 3, 0, 0, 0]);
        // The decoder: MPEG-4 audio, an audio stream, the buffer it needs.
        out.extend_from_slice(&[4, 13 + 4, 0x40, 0x15]);
        out.extend_from_slice(&largest.to_be_bytes()[1..]);
        out.extend_from_slice(&most.max(average).to_be_bytes());
        out.extend_from_slice(&average.to_be_bytes());
        out.extend_from_slice(&[5, 2, config[0], config[1]]);
        // The layer below is MP4.
        out.extend_from_slice(&[6, 1, 2]);
    });
    let (packet_frames, delay) = (AAC_PACKET as u32, AAC_DELAY as u32);
    Track { sample_rate, channels, bits: 16, entry: *b"mp4a", setup, packet_frames, delay }
}

/// A file in the making.
pub(crate) struct M4a<W: Write> {
    out: BufWriter<W>,
    sizes: Vec<u32>,
    bytes: u64,
    largest: u32,
}

impl<W: Write + Read + Seek> M4a<W> {
    /// Writes what stands before the packets.
    pub(crate) fn new(mut out: W) -> io::Result<M4a<W>> {
        out.rewind()?;
        let mut out = BufWriter::with_capacity(256 * 1024, out);
        out.write_all(&file_type())?;
        out.write_all(&mdat_header(0))?;
        Ok(M4a { out, sizes: Vec::new(), bytes: 0, largest: 0 })
    }

    /// Appends a packet.
    pub(crate) fn packet(&mut self, packet: &[u8]) -> io::Result<()> {
        let size = u32::try_from(packet.len()).map_err(|_| io::Error::other("a packet of more than 4 GiB"))?;
        self.sizes.push(size);
        self.bytes += u64::from(size);
        self.largest = self.largest.max(size);
        self.out.write_all(packet)
    }

    /// The packets so far, their bytes, and the largest.
    pub(crate) fn sizes(&self) -> (usize, u64, u32) {
        (self.sizes.len(), self.bytes, self.largest)
    }

    /// Completes the file: `frames` of the packets' frames, behind the delay, are sound.
    pub(crate) fn finish(self, track: &Track, frames: u64) -> io::Result<W> {
        let mut out = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let before = file_type().len() as u64;
        // The place of the sound depends on the header's size, and the header's size on the width of the places.
        let movie = |at| Movie { track, frames, sizes: &self.sizes, first: at }.bytes();
        let guess = movie(0).len() as u64;
        let mut header = movie(before + guess + MDAT_HEADER);
        if header.len() as u64 != guess {
            header = movie(before + header.len() as u64 + MDAT_HEADER);
        }
        shift(&mut out, before, MDAT_HEADER + self.bytes, header.len() as u64)?;
        out.seek(SeekFrom::Start(before))?;
        out.write_all(&header)?;
        out.write_all(&mdat_header(self.bytes))?;
        out.flush()?;
        Ok(out)
    }
}

/// Moves `len` bytes that begin at `from` back by `by`, from their end on.
fn shift(file: &mut (impl Read + Write + Seek), from: u64, len: u64, by: u64) -> io::Result<()> {
    let mut buffer = vec![0; MOVED];
    let mut left = len;
    while left > 0 {
        let count = left.min(MOVED as u64);
        left -= count;
        let piece = &mut buffer[..count as usize];
        file.seek(SeekFrom::Start(from + left))?;
        file.read_exact(piece)?;
        file.seek(SeekFrom::Start(from + left + by))?;
        file.write_all(piece)?;
    }
    Ok(())
}

fn file_type() -> Vec<u8> {
    atom(*b"ftyp", |out| {
        out.extend_from_slice(b"M4A \0\0\x02\0M4A mp42isom");
    })
}

fn mdat_header(bytes: u64) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 1];
    out.extend_from_slice(b"mdat");
    out.extend_from_slice(&(bytes + MDAT_HEADER).to_be_bytes());
    out
}

/// A box around what `fill` writes.
fn atom(kind: [u8; 4], fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend_from_slice(&kind);
    fill(&mut out);
    let size = out.len() as u32;
    out[..4].copy_from_slice(&size.to_be_bytes());
    out
}

/// A box with a version and flags.
pub(crate) fn full(kind: [u8; 4], version: u8, flags: u32, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    atom(kind, |out| {
        out.extend_from_slice(&((u32::from(version) << 24) | flags).to_be_bytes());
        fill(out);
    })
}

fn words(out: &mut Vec<u8>, words: &[u32]) {
    out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

/// The unity matrix of ISO/IEC 14496-12 §6.2.2.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Everything that `moov` says.
struct Movie<'a> {
    track: &'a Track,
    frames: u64,
    sizes: &'a [u32],
    /// Where the first packet begins.
    first: u64,
}

impl Movie<'_> {
    fn bytes(&self) -> Vec<u8> {
        atom(*b"moov", |out| {
            out.extend(self.movie_header());
            out.extend(atom(*b"trak", |out| {
                out.extend(self.track_header());
                out.extend(atom(*b"edts", |out| out.extend(self.edit_list())));
                out.extend(atom(*b"mdia", |out| {
                    out.extend(self.media_header());
                    out.extend(handler(*b"soun", "SoundHandler"));
                    out.extend(atom(*b"minf", |out| {
                        out.extend(full(*b"smhd", 0, 0, |out| words(out, &[0])));
                        let here = || {
                            full(*b"dref", 0, 0, |out| {
                                words(out, &[1]);
                                out.extend(full(*b"url ", 0, 1, |_| {}));
                            })
                        };
                        out.extend(atom(*b"dinf", |out| out.extend(here())));
                        out.extend(atom(*b"stbl", |out| self.tables(out)));
                    }));
                }));
            }));
            out.extend(atom(*b"udta", |out| out.extend(self.tags())));
        })
    }

    /// Frames in all packets together.
    fn coded(&self) -> u64 {
        let whole = self.sizes.len() as u64 * u64::from(self.track.packet_frames);
        // Only a codec without delay may end with a short packet. Where the only packet has only one frame, its length is
        // left to the edit list: ffmpeg takes a table whose only duration is 1 for uncompressed sound.
        if self.track.delay == 0 && self.frames > 1 { whole.min(self.frames) } else { whole }
    }

    /// Whether lengths need 64 bits.
    fn wide(&self) -> bool {
        self.coded() > u64::from(u32::MAX)
    }

    /// A length in as many bits as the box's version has.
    fn length(&self, out: &mut Vec<u8>, frames: u64) {
        if self.wide() {
            out.extend_from_slice(&frames.to_be_bytes());
        } else {
            out.extend_from_slice(&(frames as u32).to_be_bytes());
        }
    }

    /// Times of creation and change, which stay open: the same sound gives the same bytes.
    fn times(&self, out: &mut Vec<u8>) {
        self.length(out, 0);
        self.length(out, 0);
    }

    fn movie_header(&self) -> Vec<u8> {
        full(*b"mvhd", u8::from(self.wide()), 0, |out| {
            self.times(out);
            words(out, &[self.track.sample_rate]);
            self.length(out, self.frames);
            words(out, &[0x1_0000]);
            out.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            words(out, &MATRIX);
            words(out, &[0, 0, 0, 0, 0, 0, 2]);
        })
    }

    fn track_header(&self) -> Vec<u8> {
        // Enabled, in the movie, in the preview.
        full(*b"tkhd", u8::from(self.wide()), 7, |out| {
            self.times(out);
            words(out, &[1, 0]);
            self.length(out, self.frames);
            words(out, &[0, 0, 0, 0x0100_0000]);
            words(out, &MATRIX);
            words(out, &[0, 0]);
        })
    }

    /// The sound begins behind the delay and is so long (both in frames: the movie's scale is the sample rate).
    fn edit_list(&self) -> Vec<u8> {
        full(*b"elst", u8::from(self.wide()), 0, |out| {
            words(out, &[1]);
            self.length(out, self.frames);
            self.length(out, u64::from(self.track.delay));
            words(out, &[0x1_0000]);
        })
    }

    fn media_header(&self) -> Vec<u8> {
        full(*b"mdhd", u8::from(self.wide()), 0, |out| {
            self.times(out);
            words(out, &[self.track.sample_rate]);
            self.length(out, self.coded());
            // The language is not determined: `und` in three times five bits.
            words(out, &[0x55C4_0000]);
        })
    }

    /// How the packets are coded, how long they are, and where they lie.
    fn tables(&self, out: &mut Vec<u8>) {
        let Track { sample_rate, channels, bits, entry, setup, packet_frames, .. } = self.track;
        out.extend(full(*b"stsd", 0, 0, |out| {
            words(out, &[1]);
            out.extend(atom(*entry, |out| {
                out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
                out.extend_from_slice(&channels.to_be_bytes());
                out.extend_from_slice(&bits.to_be_bytes());
                // 16.16; a rate that does not fit is left to the codec's own box, and to the time scale.
                words(out, &[0, u32::from(u16::try_from(*sample_rate).unwrap_or(0)) << 16]);
                out.extend_from_slice(setup);
            }));
        }));
        let count = self.sizes.len() as u32;
        let last = self.coded() - u64::from(count.saturating_sub(1)) * u64::from(*packet_frames);
        out.extend(full(*b"stts", 0, 0, |out| {
            if last == u64::from(*packet_frames) || count == 0 {
                words(out, &[1, count, *packet_frames]);
            } else if count == 1 {
                words(out, &[1, 1, last as u32]);
            } else {
                words(out, &[2, count - 1, *packet_frames, 1, last as u32]);
            }
        }));
        // About a second in a chunk.
        let chunk = (sample_rate / packet_frames).max(1);
        let (whole, rest) = (count / chunk, count % chunk);
        out.extend(full(*b"stsc", 0, 0, |out| match (whole, rest) {
            (0, rest) => words(out, &[1, 1, rest, 1]),
            (_, 0) => words(out, &[1, 1, chunk, 1]),
            (whole, rest) => words(out, &[2, 1, chunk, 1, whole + 1, rest, 1]),
        }));
        out.extend(full(*b"stsz", 0, 0, |out| {
            words(out, &[0, count]);
            words(out, self.sizes);
        }));
        let mut at = self.first;
        let places: Vec<u64> = self
            .sizes
            .chunks(chunk as usize)
            .map(|sizes| {
                let place = at;
                at += sizes.iter().map(|size| u64::from(*size)).sum::<u64>();
                place
            })
            .collect();
        // Tags may still push the sound back a little.
        let narrow = at < u64::from(u32::MAX) - (64 << 20);
        out.extend(full(if narrow { *b"stco" } else { *b"co64" }, 0, 0, |out| {
            words(out, &[places.len() as u32]);
            for place in places {
                if narrow {
                    words(out, &[place as u32]);
                } else {
                    out.extend_from_slice(&place.to_be_bytes());
                }
            }
        }));
    }

    fn tags(&self) -> Vec<u8> {
        full(*b"meta", 0, 0, |out| {
            out.extend(handler(*b"mdir", ""));
            out.extend(atom(*b"ilst", |out| {
                if self.track.delay > 0 {
                    out.extend(self.gapless());
                }
            }));
            out.extend(atom(*b"free", |out| out.resize(out.len() + FREE, 0)));
        })
    }

    /// iTunes' comment: delay, padding and length in hexadecimal, and fields that are always 0.
    fn gapless(&self) -> Vec<u8> {
        let padding = self.coded().saturating_sub(u64::from(self.track.delay) + self.frames);
        let mut text = format!(" 00000000 {:08X} {padding:08X} {:016X}", self.track.delay, self.frames);
        text.push_str(&" 00000000".repeat(8));
        atom(*b"----", |out| {
            out.extend(full(*b"mean", 0, 0, |out| out.extend_from_slice(b"com.apple.iTunes")));
            out.extend(full(*b"name", 0, 0, |out| out.extend_from_slice(b"iTunSMPB")));
            // Kind 1 is UTF-8; the locale is left open.
            out.extend(full(*b"data", 0, 1, |out| {
                words(out, &[0]);
                out.extend_from_slice(text.as_bytes());
            }));
        })
    }
}

fn handler(kind: [u8; 4], name: &str) -> Vec<u8> {
    full(*b"hdlr", 0, 0, |out| {
        words(out, &[0]);
        out.extend_from_slice(&kind);
        // iTunes' handler of tags names its maker here.
        words(out, &if &kind == b"mdir" { [0x6170_706C, 0, 0] } else { [0; 3] });
        out.extend_from_slice(name.as_bytes());
        out.push(0);
    })
}

#[cfg(test)]
mod tests {
    //! Files too long to be written in a test: only their header is made, and read by this crate's reader.

    use std::io::Cursor;
    use std::path::Path;

    use super::{M4a, Movie, Track, file_type};
    use crate::coded::mp4;

    fn track(delay: u32) -> Track {
        let setup = Vec::new();
        Track { sample_rate: 48_000, channels: 2, bits: 16, entry: *b"alac", setup, packet_frames: 4096, delay }
    }

    #[test]
    fn lengths_and_places_beyond_32_bits_are_read_back() {
        // 25 hours at 48 kHz, from a byte behind 4 GiB.
        let sizes = vec![1000; 1_054_688];
        for (delay, frames) in [(0, 4_320_000_001_u64), (1600, 4_320_000_000)] {
            for first in [1_u64 << 20, 5 << 30] {
                let track = track(delay);
                let mut bytes = file_type();
                bytes.extend(Movie { track: &track, frames, sizes: &sizes, first }.bytes());
                let len = bytes.len() as u64;
                let trim = mp4::trim(Path::new("long.m4a"), &mut Cursor::new(bytes), len).unwrap();
                assert_eq!((trim.delay, trim.frames), (u64::from(delay), Some(frames)));
                assert_eq!(trim.data_end, first + 1000 * sizes.len() as u64);
            }
        }
    }

    #[test]
    fn the_sound_is_moved_behind_its_header_whole() {
        // More than one move's worth, and not a multiple of it.
        let packet = |n: u32| (0..30_011_u32).map(|i| (i.wrapping_mul(n + 7) >> 3) as u8).collect::<Vec<u8>>();
        let mut file = M4a::new(Cursor::new(Vec::new())).unwrap();
        for n in 0..100 {
            file.packet(&packet(n)).unwrap();
        }
        let bytes = file.finish(&track(0), 100 * 4096 - 5).unwrap().into_inner();
        let kinds = |at: usize| &bytes[at + 4..at + 8];
        let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let moov = size(0);
        let mdat = moov + size(moov);
        assert_eq!((kinds(moov), kinds(mdat)), (&b"moov"[..], &b"mdat"[..]));
        let sound: Vec<u8> = (0..100).flat_map(packet).collect();
        assert!(bytes[mdat + 16..] == sound);
        let len = bytes.len() as u64;
        let trim = mp4::trim(Path::new("short.m4a"), &mut Cursor::new(bytes), len).unwrap();
        assert_eq!((trim.frames, trim.present, trim.data_end), (Some(409_595), Some(409_595), len));
    }
}
