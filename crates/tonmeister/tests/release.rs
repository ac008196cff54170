//! Real tracks released in every kind of file, and what another program reads of each.
#![allow(missing_docs)]

mod material;

use std::fmt::Write as _;
use std::process::Command;

use material::{ffmpeg, files, material};
use tonmeister::{ReleaseOptions, Silent, World};

/// Loudness, ceiling and tags of two finished tracks, in each format, by our report and by ffmpeg: the figure within
/// 0.1 LU, no decoded peak above −1 dBTP, every file verified.
#[test]
fn every_file_of_a_release_is_what_its_report_says() {
    let Some(material) = material("releasing real tracks") else { return };
    let tracks = files(&material.join("finished"), "ogg");
    let folder = tempfile::tempdir().unwrap();
    let mut text =
        "[album]\ntitle = \"Two\"\nartist = \"Several\"\nmode = \"song\"\nloudness_lufs = -14.0\nceiling_dbtp = -1.0\n"
            .to_owned();
    for track in &tracks[1..3] {
        let _ = write!(text, "\n[[song]]\naudio = '{}'\n", track.display());
    }
    let lame = Command::new("lame").arg("--version").output().is_ok();
    if !lame {
        eprintln!("\n*** SKIPPED: MP3 is not released here: lame is not installed ***\n");
    }
    let mp3 = if lame { "\n[[deliver]]\nformat = \"mp3\"\nbitrate_kbps = 192\n" } else { "" };
    text += "\n[[deliver]]\nformat = \"wav\"\ndepth = \"16\"\nsample_rate_hz = 44100\n\n[[deliver]]\nformat = \"alac\"\n\n[[deliver]]\nformat = \
             \"vorbis\"\nquality = 5.0\n\n[[deliver]]\nformat = \"opus\"\nbitrate_kbps = 128\n";
    text += mp3;
    text += "\n[cd]\n";
    let (album, out) = (folder.path().join("album.toml"), folder.path().join("out"));
    std::fs::write(&album, text).unwrap();
    let world = World::new();
    let release = world.release(&album, &out, &ReleaseOptions::default(), &mut Silent).unwrap();
    assert!(release.report.reached);
    let mut read = 0;
    for file in &release.report.files {
        let Some(levels) = &file.levels else { continue };
        let (lufs, peak) = (levels.integrated_lufs.unwrap(), levels.true_peak_dbtp.unwrap());
        assert!((lufs + 14.0).abs() <= 0.1 && peak <= -1.0 + 0.01, "{}: {lufs} LUFS, {peak} dBTP", file.path);
        match ffmpeg(&out.join(&file.path)) {
            Some((theirs, peaks)) => {
                println!("{}: {lufs:.2} LUFS, {peak:.2} dBTP; ffmpeg {theirs:.1}, {peaks:.1}", file.path);
                assert!(
                    (theirs - lufs).abs() <= 0.1 && peaks <= -1.0 + 0.1,
                    "{}: {theirs} LUFS, {peaks} dBTP",
                    file.path
                );
                read += 1;
            }
            None => eprintln!("*** ffmpeg is not installed: {} was measured by our own meter only ***", file.path),
        }
    }
    println!("{read} files read by ffmpeg");
    assert!(world.verify_release(&out).unwrap().is_whole());
}
