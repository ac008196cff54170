//! Filesets of the same discs as `cue2ddp` 1.1 made them: the MD5s that ddp-reverse-eng recorded of its files (the folders
//! `exp/NNN-*` there, of which the numbers stand below), against those of ours. Its audio is a ramp: the frame's number, low
//! half on the left, high half on the right.
//!
//! Everything but the map is the same to the byte: `DDPID`, the PQ descriptor, the image and the CD-Text. The map is the same
//! once its padding is.

use std::fs;

use tonmeister_core::codes::Barcode;
use tonmeister_core::{Block, Layout, Source, SourceError, SourceInfo};

use crate::cdtext::{Block as TextBlock, CdText, Texts, TrackText};
use crate::ddp::{Master, write};
use crate::toc::{Copy, Disc, Flags, Sectors, Track};

struct Ramp {
    frames: u64,
    at: u64,
}

impl Source for Ramp {
    fn info(&self) -> SourceInfo {
        SourceInfo { sample_rate: 44_100, layout: Layout::Stereo, frames: self.frames }
    }

    fn read(&mut self, out: &mut Block<'_>) -> Result<usize, SourceError> {
        let frames = (out.frames() as u64).min(self.frames - self.at) as usize;
        for n in 0..frames {
            let frame = self.at + n as u64;
            out.channel_mut(0)[n] = f32::from(frame as u16 as i16) / 32_768.0;
            out.channel_mut(1)[n] = f32::from((frame >> 16) as u16 as i16) / 32_768.0;
        }
        self.at += frames as u64;
        Ok(frames)
    }

    fn skip(&mut self, _: u64) -> Result<u64, SourceError> {
        unreachable!("filesets are written from their start")
    }
}

/// The MD5 of a file of the fileset of that disc; `map` puts the map into cue2ddp's padding.
fn md5s(
    disc: &Disc,
    text: Option<&TextBlock>,
    id: &str,
    silence: Sectors,
    frames: u64,
) -> impl Fn(&str) -> String + use<> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let text = text.map(|block| CdText::of(block.clone()));
    let master = Master { disc, text: text.as_ref(), id };
    write(&path, &master, silence, &mut Ramp { frames, at: 0 }).unwrap();
    move |name| {
        let mut bytes = fs::read(folder.path().join("out").join(name)).unwrap();
        if name == "DDPMS" {
            for packet in bytes.as_chunks_mut::<128>().0 {
                let spaced = |field: &[u8]| {
                    format!("{:>1$}", String::from_utf8_lossy(field).trim_start_matches('0'), field.len())
                };
                let (length, width) = (spaced(&packet[14..22]), spaced(&packet[71..74]));
                packet[14..22].copy_from_slice(length.as_bytes());
                packet[71..74].copy_from_slice(width.as_bytes());
                if &packet[4..6] == b"D0" {
                    packet[22..30].fill(b' ');
                    packet[41] = b'1';
                }
                if &packet[30..38] == b"PQ DESCR" {
                    packet[74..81].copy_from_slice(b"SD     ");
                }
            }
        }
        format!("{:x}", md5::compute(bytes))
    }
}

fn texts(title: &str, performer: &str) -> Texts {
    Texts { title: title.into(), performer: performer.into(), ..Texts::default() }
}

fn block(disc: Texts, tracks: Vec<Texts>) -> TextBlock {
    let tracks = tracks.into_iter().map(|texts| TrackText { texts, isrc: None }).collect();
    TextBlock { disc, tracks, ..TextBlock::default() }
}

const SECTOR: u64 = Sectors::FRAMES;
const NO_CODE: &str = "187970110683c92c25bdb82256354780";
const ONE_IMAGE: &str = "bcebec4d225e28c6899a24a4c5b968b3";
const ONE_PQ: &str = "efb6f54229b585f060c421277c8003e0";
const TWO_IMAGE: &str = "7b4dad7a5114569b4e25550ca6278dda";
const TWO_PQ: &str = "705ac1ddd23cde9d353cb4c70283318d";

/// A track of ten seconds.
fn one() -> Disc {
    Disc::of_lengths(&[(Sectors(150), 750 * SECTOR)])
}

/// Two of them.
fn two() -> Disc {
    Disc::of_lengths(&[(Sectors(150), 750 * SECTOR), (Sectors(0), 750 * SECTOR)])
}

/// 002, 005, 006, 007, 010: codes, flags and names.
#[test]
fn records_are_those_of_cue2ddp() {
    let of = |disc: &Disc, id: &str| md5s(disc, None, id, Sectors(150), (disc.end - Sectors(150)).frames());
    let plain = of(&two(), "");
    assert_eq!(plain("DDPID"), NO_CODE);
    assert_eq!(plain("DDPMS"), "b1cec58f170a3a82041028887e0d198d");
    assert_eq!(plain("PQDESCR"), TWO_PQ);
    assert_eq!(plain("IMAGE.DAT"), TWO_IMAGE);
    let mut coded = one();
    coded.ean = "0123456789012".parse::<Barcode>().ok();
    coded.tracks[0].isrc = "USABC1234567".parse().ok();
    let coded = of(&coded, "");
    assert_eq!(coded("DDPID"), "dd89c874714f94418b20feea4d9b2ac6");
    assert_eq!(coded("DDPMS"), "4ddcd3c75e054c6685453524a0973a1a");
    assert_eq!(coded("PQDESCR"), "e6d506c61b61150a572f5290379e47d9");
    assert_eq!(coded("IMAGE.DAT"), ONE_IMAGE);
    let named = of(&one(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijkl");
    assert_eq!(named("DDPID"), "6c197ff2f20c4631faaf09aa8a18c9d3");
    let flagged = |flags| {
        let mut disc = one();
        disc.tracks[0].flags = flags;
        of(&disc, "")("PQDESCR")
    };
    let all = Flags { pre_emphasis: true, copy: Copy::Permitted, four_channel: true };
    assert_eq!(flagged(all), "0bacbdc29c1bab7098ebe2e0bd210128");
    assert_eq!(flagged(Flags { copy: Copy::Once, ..Flags::default() }), "acea67698513e018c099c4a349d97d2c");
    assert_eq!(flagged(Flags::default()), ONE_PQ);
}

/// 013 and 014: audio that ends inside a sector, and audio that has its first pause in it.
#[test]
fn images_are_those_of_cue2ddp() {
    let odd = Disc::of_lengths(&[(Sectors(150), 750 * SECTOR + 100)]);
    let odd = md5s(&odd, None, "", Sectors(150), 750 * SECTOR + 100);
    assert_eq!(odd("DDPMS"), "ae8f68525f3efdda732d9508531b0cc4");
    assert_eq!(odd("PQDESCR"), "29bceb1a7fb2bd2cc5da45b710c09247");
    assert_eq!(odd("IMAGE.DAT"), "b56cd23e532472094171e57281951175");
    let s = |seconds: u32| Sectors(seconds * 75);
    let three = Disc {
        ean: None,
        tracks: vec![
            Track { pause: Some(s(0)), ..Track::at(s(2)) },
            Track { pause: Some(s(10)), indexes: vec![s(11), s(15)], ..Track::default() },
            Track { pause: Some(s(20)), ..Track::at(s(22)) },
        ],
        end: s(30),
    };
    let three = md5s(&three, None, "", Sectors(0), 2250 * SECTOR);
    assert_eq!(three("DDPMS"), "7f773da844b9b1091352eab67fb9e670");
    assert_eq!(three("PQDESCR"), "2bec8bd934a93dbdfb982c209865b7d6");
    assert_eq!(three("IMAGE.DAT"), "16551afeac0b9d80e6d90af18c8a8d7e");
}

/// 021, 024, 031, 092: CD-Text with gaps, over many packs, with letters beyond ASCII, and of all six fields.
#[test]
fn texts_are_those_of_cue2ddp() {
    let of =
        |disc: &Disc, block: &TextBlock| md5s(disc, Some(block), "", Sectors(150), (disc.end - Sectors(150)).frames());
    let second = Texts { songwriter: "Writer Two".into(), ..texts("B", "") };
    let gaps = of(&two(), &block(texts("T", ""), vec![texts("A", ""), second]));
    assert_eq!(gaps("CDTEXT.BIN"), "9e722863db6c7287828f321a48caac99");
    assert_eq!(gaps("DDPMS"), "ca3b64005edbd38e83580183c45b834f");
    let title = "A disc title that is quite a bit longer than fifteen characters";
    let long = block(texts(title, "P"), vec![texts("Another long track title, over thirty chars", "Q")]);
    let long = of(&one(), &long);
    assert_eq!(long("CDTEXT.BIN"), "60149b1d73a8ea162f53227da034399e");
    assert_eq!(long("DDPMS"), "514b14eb2e61e58bd54ea49ce4b2690f");
    let latin = of(&one(), &block(texts("Café Déjà Vu", "Björk"), vec![texts("Über", "")]));
    assert_eq!(latin("CDTEXT.BIN"), "304998a5d6126f1c9525bf83d1ca0a1c");
    let all = |title: &str, performer: &str, songwriter: &str, composer: &str, arranger: &str, message: &str| Texts {
        title: title.into(),
        performer: performer.into(),
        songwriter: songwriter.into(),
        composer: composer.into(),
        arranger: arranger.into(),
        message: message.into(),
    };
    let whole =
        all("Disc Title", "Disc Performer", "Disc Songwriter", "Disc Composer", "Disc Arranger", "Disc Message");
    let first = all("One", "", "", "Composer One", "Arranger One", "Message One");
    let second = all("Two", "Performer Two", "", "Composer Two", "", "");
    let six = of(&two(), &block(whole, vec![first, second]));
    assert_eq!(six("CDTEXT.BIN"), "e32d4f200b75c6951613106447b65a01");
    assert_eq!(six("DDPMS"), "5ae3c96a6caceb111ee72124bda0ddde");
    assert_eq!((six("PQDESCR").as_str(), six("IMAGE.DAT").as_str()), (TWO_PQ, TWO_IMAGE));
}
