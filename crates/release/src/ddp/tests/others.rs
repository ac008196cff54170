//! Filesets as other writers make them, and filesets that are damaged.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use proptest::prelude::*;

use tonmeister_core::codes::Barcode;

use super::{Noise, all, disc, frames_of, sample, text, written};
use crate::ddp::{Fileset, Master, checksums, compare, is_fileset, parse_map, parse_pq, write};
use crate::error::ReleaseError;
use crate::toc::Sectors;

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// A fileset changed so, without its checksums: its findings' codes, and it.
fn changed(change: impl FnOnce(&Path)) -> (Vec<&'static str>, Fileset) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master");
    written(&path).unwrap();
    fs::remove_file(path.join("CHECKSUM.MD5")).unwrap();
    change(&path);
    let read = Fileset::open(&path).unwrap();
    // The audio is read while the folder is there.
    let program = all(&mut *read.program());
    if read.findings.iter().all(|f| !["ddp-cut-off", "ddp-audio-length"].contains(&f.code)) {
        let (frames, seen) = (frames_of(&disc()) - 100, program.unwrap());
        for n in (0..frames).step_by(4999) {
            assert_eq!(seen.channel(1)[n as usize + 88_200], sample(n, 1, 1), "frame {n}");
        }
    } else {
        assert!(program.is_err());
    }
    (read.findings.iter().map(|f| f.code).collect(), read)
}

const MAP_PQ: usize = 128;
const MAP_IMAGE: usize = 256;

fn put(bytes: &mut [u8], at: usize, text: &str) {
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
}

#[test]
fn every_freedom_of_writers_is_read() {
    let same = |change: &dyn Fn(&Path)| {
        let (codes, read) = changed(change);
        assert_eq!((codes.as_slice(), &read.disc, read.text.as_ref()), (&[""; 0][..], &disc(), Some(&text())));
    };
    // As cue2ddp writes: spaces before numbers, no start sector, scrambled.
    same(&|p| {
        edit(&p.join("DDPMS"), |b| {
            put(b, MAP_PQ + 14, "     576");
            put(b, MAP_PQ + 71, " 17");
            put(b, MAP_IMAGE + 14, "    1155        ");
            put(b, MAP_IMAGE + 41, "1");
        });
    });
    // Audio Distillery's storage mode; names as cue2ddp's; a book type as Sonoris'.
    same(&|p| {
        edit(&p.join("DDPMS"), |b| {
            put(b, MAP_IMAGE + 40, "0");
            put(b, MAP_PQ + 74, "SD     ");
        });
        fs::rename(p.join("PQDESCR"), p.join("SD")).unwrap();
        edit(&p.join("DDPID"), |b| {
            put(b, 86, "O");
            put(b, 94, "09User text");
        });
    });
    // One lead-out; the EAN on every packet as HOFA's; the ISRC on index 0 and 1.
    same(&|p| {
        edit(&p.join("PQDESCR"), |b| {
            b.truncate(b.len() - 64);
            for n in 0..b.len() / 64 {
                put(b, n * 64 + 32, "4006381333931");
            }
            put(b, 2 * 64 + 20, "USABC2600001");
        });
        edit(&p.join("DDPMS"), |b| put(b, MAP_PQ + 14, "00000512"));
    });
    // Hours in the times; a trailing zero behind the CD-Text as Sonoris'.
    same(&|p| {
        edit(&p.join("PQDESCR"), |b| (0..b.len() / 64).for_each(|n| put(b, n * 64 + 8, "00")));
        edit(&p.join("CDTEXT.BIN"), |b| b.push(0));
        let length = fs::metadata(p.join("CDTEXT.BIN")).unwrap().len();
        edit(&p.join("DDPMS"), |b| put(b, 14, &format!("{length:8}")));
    });
}

#[test]
fn oddities_are_read_past_with_a_word() {
    let (codes, read) = changed(|p| {
        // Without the EAN in the descriptor, its UPC of 12 digits in DDPID.
        edit(&p.join("PQDESCR"), |b| put(b, 32, "             "));
        edit(&p.join("DDPID"), |b| put(b, 8, "036000291452 "));
    });
    assert_eq!(codes, ["ddp-ean-one-place"]);
    assert_eq!(read.disc.ean.map(|e: Barcode| e.ean().to_owned()).as_deref(), Some("0036000291452"));
    // The audio in two files.
    let split = |p: &Path| {
        let image = fs::read(p.join("IMAGE.DAT")).unwrap();
        fs::write(p.join("A.DAT"), &image[..600 * 2352]).unwrap();
        fs::write(p.join("B.DAT"), &image[600 * 2352..]).unwrap();
        fs::remove_file(p.join("IMAGE.DAT")).unwrap();
        edit(&p.join("DDPMS"), |b| {
            let mut second = b[MAP_IMAGE..].to_vec();
            put(b, MAP_IMAGE + 14, "00000600");
            put(b, MAP_IMAGE + 74, "A.DAT    ");
            put(&mut second, 14, "0000055500000600");
            put(&mut second, 46, "    ");
            put(&mut second, 74, "B.DAT    ");
            b.extend(second);
        });
    };
    assert_eq!(changed(split).0, ["ddp-streams"]);
    // An image without the first pause: its start says so, or its length does.
    for start in ["00000150", "        "] {
        let late = |p: &Path| {
            edit(&p.join("IMAGE.DAT"), |b| drop(b.drain(..150 * 2352)));
            edit(&p.join("DDPMS"), |b| {
                put(b, MAP_IMAGE + 14, "00001005");
                put(b, MAP_IMAGE + 22, start);
                put(b, MAP_IMAGE + 46, "    ");
            });
        };
        assert_eq!(changed(late).0, ["ddp-pause-left-out"]);
    }
    let lower = |p: &Path| fs::rename(p.join("PQDESCR"), p.join("pqdescr")).unwrap();
    assert_eq!(changed(lower).0, ["ddp-case"]);
    let unnamed = |p: &Path| edit(&p.join("DDPMS"), |b| drop(b.drain(..128)));
    assert_eq!(changed(unnamed).0, ["ddp-text-unnamed"]);
    let long = |p: &Path| edit(&p.join("IMAGE.DAT"), |b| b.extend([1; 99]));
    assert_eq!(changed(long).0, ["ddp-length"]);
}

#[test]
fn faults_of_a_master_are_found() {
    let cut = |p: &Path| edit(&p.join("IMAGE.DAT"), |b| b.truncate(1_000_000));
    assert_eq!(changed(cut).0, ["ddp-cut-off", "ddp-audio-length"]);
    let ean = |p: &Path| edit(&p.join("DDPID"), |b| put(b, 8, "5901234123457"));
    assert_eq!(changed(ean).0, ["ddp-ean"]);
    let digit = |p: &Path| edit(&p.join("PQDESCR"), |b| put(b, 32, "4006381333932"));
    assert_eq!(changed(digit).0, ["ddp-ean", "ddp-ean-one-place"]);
    let isrc = |p: &Path| edit(&p.join("PQDESCR"), |b| put(b, 64 + 20, "USABC26?????"));
    assert_eq!(changed(isrc).0, ["ddp-isrc", "isrc-missing"]);
    let both = |p: &Path| edit(&p.join("PQDESCR"), |b| put(b, 64 + 16, "2S"));
    assert_eq!(changed(both).0, ["ddp-copy", "ddp-flags"]);
    let short = |p: &Path| edit(&p.join("PQDESCR"), |b| put(b, 4 * 64 + 10, "000560"));
    assert_eq!(changed(short).0, ["track-short", "index-order"]);
    let text = |p: &Path| edit(&p.join("CDTEXT.BIN"), |b| b[5] ^= 1);
    assert_eq!(changed(text).0, ["cdtext-crc"]);
    let session = |p: &Path| {
        edit(&p.join("PQDESCR"), |b| b.extend(b[..64].to_vec()));
        edit(&p.join("DDPMS"), |b| put(b, MAP_PQ + 14, "00000640"));
    };
    assert_eq!(changed(session).0, ["ddp-session"]);
}

#[test]
fn what_cannot_be_understood_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master");
    written(&path).unwrap();
    let error = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let file = path.join(name);
        let before = fs::read(&file).unwrap();
        edit(&file, change);
        let error = Fileset::open(&path).unwrap_err().to_string();
        fs::write(&file, before).unwrap();
        assert!(error.contains(name), "{error}");
        error
    };
    assert!(error("DDPID", &|b| b.truncate(100)).contains("expected a record of 128 bytes"));
    assert!(error("DDPID", &|b| put(b, 0, "DDP 3.00")).contains("`DDP 3.00`"));
    assert!(error("DDPID", &|b| put(b, 87, "DV")).contains("byte 87"));
    assert!(error("DDPMS", &|b| b.truncate(300)).contains("300 bytes"));
    assert!(error("DDPMS", &|b| put(b, 128, "XXXX")).contains("byte 128"));
    assert!(error("DDPMS", &|b| put(b, MAP_IMAGE + 14, "x")).contains("byte 270"));
    assert!(error("DDPMS", &|b| put(b, MAP_IMAGE + 74, "../../etc/passwd")).contains("a file's name"));
    assert!(error("DDPMS", &|b| put(b, MAP_IMAGE + 74, "A\u{1b}[2J.DAT ")).contains("`A\\u{1b}[2J.DAT`"));
    assert!(error("DDPMS", &|b| put(b, MAP_IMAGE + 38, "10")).contains("expected a stream of audio"));
    assert!(error("DDPMS", &|b| put(b, MAP_IMAGE + 40, "8")).contains("mode 8"));
    assert!(error("DDPMS", &|b| put(b, MAP_PQ + 30, "RW24XX  ")).contains("PQ DESCR"));
    assert!(error("PQDESCR", &|b| b.truncate(128)).contains("lead-out"));
    assert!(error("PQDESCR", &|b| put(b, 64 + 4, "05")).contains("found 5"));
    assert!(error("PQDESCR", &|b| put(b, 64 + 6, "03")).contains("found 3"));
    assert!(error("PQDESCR", &|b| put(b, 128 + 10, "006099")).contains("byte 136"));
    assert!(error("PQDESCR", &|b| put(b, 64 + 16, "41")).contains("data track"));
    assert!(matches!(Fileset::open(folder.path().join("nothing")), Err(ReleaseError::Missing { .. })));
    for none in [folder.path(), &path.join("DDPMS")] {
        assert!(!is_fileset(none));
        let error = Fileset::open(none).unwrap_err();
        assert!(matches!(error, ReleaseError::NoFileset { .. }), "{error}");
    }
    assert!(is_fileset(&path));
    fs::remove_file(path.join("IMAGE.DAT")).unwrap();
    assert!(matches!(Fileset::open(&path), Err(ReleaseError::Missing { .. })));
}

#[test]
fn checksums_of_every_flavor_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master");
    let done = written(&path).unwrap();
    fs::remove_file(path.join("CHECKSUM.MD5")).unwrap();
    let codes = || Fileset::open(&path).unwrap().verify().unwrap().findings.iter().map(|f| f.code).collect::<Vec<_>>();
    assert_eq!(codes(), ["ddp-no-checksum"; 5]);
    // HOFA's name, CRLF, and a comment.
    let list: Vec<String> = done.checksums.iter().map(|(name, sum)| format!("{sum} *{name}\r\n")).collect();
    fs::write(path.join("MD5_CHECKSUM.MD5"), format!("; made elsewhere\r\n{}", list.concat())).unwrap();
    assert_eq!(codes(), [""; 0]);
    // cue2ddp's list of CRC-32; those of the two empty words are zip's of "" (0).
    let sums = Fileset::open(&path).unwrap().verify().unwrap();
    let list: Vec<String> = sums.files.iter().map(|f| format!("{}={:08X}\n", f.name, f.crc32)).collect();
    fs::write(path.join("CHECKSUM.TXT"), format!("[CRC32 Checksum]\n{}", list.concat())).unwrap();
    assert_eq!(codes(), [""; 0]);
    edit(&path.join("IMAGE.DAT"), |b| b[1_234_567] ^= 1);
    assert_eq!(codes(), ["ddp-checksum"; 2]);
    fs::write(path.join("more.md5"), format!("{} *GONE.DAT\n", "0".repeat(32))).unwrap();
    assert_eq!(codes(), ["ddp-checksum", "ddp-checksum", "ddp-file-missing"]);
    let read = checksums(b"\xEF\xBB\xBFd41d8cd98f00b204e9800998ecf8427e  ./a b.dat\nname=0123ABCD\n# no\nx=12\n");
    assert_eq!(
        read,
        [
            ("a b.dat".to_owned(), "d41d8cd98f00b204e9800998ecf8427e".to_owned()),
            ("name".to_owned(), "0123ABCD".to_owned())
        ]
    );
}

#[test]
fn two_filesets_differ_where_they_do() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    written(&one).unwrap();
    let mut other = disc();
    other.tracks[1].isrc = None;
    other.tracks[2].indexes[1] = other.tracks[2].indexes[1] + Sectors(1);
    let master = Master { disc: &other, text: None, id: "TM-0001 side of the plant" };
    write(&two, &master, Sectors(150), &mut Noise::new(frames_of(&other))).unwrap();
    edit(&two.join("IMAGE.DAT"), |b| b[500 * 2352] ^= 1);
    let (one, two) = (Fileset::open(one).unwrap(), Fileset::open(two).unwrap());
    let found = compare(&one, &two).unwrap();
    let what: Vec<&str> = found.iter().map(|d| d.what.as_str()).collect();
    // The second's last 100 frames sound, where the first is silent; one frame in track 1 was changed.
    assert_eq!(what, ["track 2, ISRC", "track 3, index 2", "CD-Text", "audio of track 1", "audio of track 3"]);
    assert!(found[3].second.contains("1 frames differ") && found[3].second.contains("frame 205800"), "{found:?}");
    assert!(found[4].second.contains("100 frames differ"), "{found:?}");
}

/// ddp-reverse-eng's reader, where it is installed: it must find nothing wrong.
#[test]
fn an_independent_reader_finds_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master");
    written(&path).unwrap();
    let Ok(out) = Command::new("ddpread").arg(&path).output() else {
        eprintln!(
            "SKIPPED: ddpread (ddp-reverse-eng) is not installed, so no independent reader looked at the fileset"
        );
        return;
    };
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && !said.to_lowercase().contains("error"), "{said}");
    for word in ["4006381333931", "USABC2600002"] {
        assert!(said.contains(word), "{word} in {said}");
    }
}

/// A whole fileset on disk, to be changed.
static WHOLE: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    written(&folder.path().join("master")).unwrap();
    folder
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Filesets whose descriptions were changed are opened or refused; what is opened is read as far as it goes.
    #[test]
    fn hostile_filesets_are_opened_or_refused(
        changes in prop::collection::vec((0usize..4, any::<prop::sample::Index>(), any::<u8>()), 1..4),
        digits: bool,
    ) {
        let whole = WHOLE.path().join("master");
        let folder = tempfile::tempdir().unwrap();
        for (n, name) in ["DDPID", "DDPMS", "PQDESCR", "CDTEXT.BIN"].into_iter().enumerate() {
            let mut bytes = fs::read(whole.join(name)).unwrap();
            for (_, place, value) in changes.iter().filter(|c| c.0 == n) {
                let at = place.index(bytes.len());
                // Digits for digits get further than noise.
                bytes[at] = if digits && bytes[at].is_ascii_digit() { b'0' + value % 10 } else { *value };
            }
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        fs::hard_link(whole.join("IMAGE.DAT"), folder.path().join("IMAGE.DAT")).unwrap();
        if let Ok(read) = Fileset::open(folder.path()) {
            for number in 1..=read.disc.tracks.len() {
                let mut source = read.track(number).unwrap();
                source.skip(source.info().frames.saturating_sub(1000)).unwrap();
                let mut buffer = tonmeister_core::Buffer::new(tonmeister_core::Layout::Stereo, 2000);
                if let Ok(frames) = source.read(&mut buffer.block(2000)) {
                    prop_assert!(frames <= 1000);
                }
            }
            prop_assert!(read.findings.iter().all(|f| f.help.is_some()));
        }
    }
}

proptest! {
    /// Bytes changed, cut or made up never panic, and reading them is bounded by what is there.
    #[test]
    fn hostile_descriptions_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        noise in prop::collection::vec(any::<u8>(), 0..300),
        cut in 0usize..1000,
    ) {
        let pq = crate::ddp::pq::bytes(&disc());
        let map = [crate::ddp::map::Packet::subcode("PQDESCR", "PQ DESCR", 640).bytes(),
            crate::ddp::map::Packet::audio("IMAGE.DAT", Sectors(999), Sectors(150)).bytes()].concat();
        for (mut bytes, is_pq) in [(pq, true), (map, false)] {
            for (place, value) in &changes {
                let at = place.index(bytes.len());
                bytes[at] = *value;
            }
            bytes.truncate(bytes.len() - cut % bytes.len() / 64 * 64);
            if is_pq {
                if let Ok(read) = parse_pq("x".as_ref(), &bytes) { drop(read.disc.check()); }
            } else {
                drop(parse_map("x".as_ref(), &bytes));
            }
        }
        drop(parse_pq("x".as_ref(), &noise));
        drop(parse_map("x".as_ref(), &noise));
        checksums(&noise);
    }
}
