//! An album with versions of its songs: instrumentals, an edit, and the fold-down to mono.

mod studio;

use std::fmt::Write as _;
use std::path::Path;

use studio::{Desk, beats, everything, options, read, samples, write};
use tonmeister_release::album::{Made, Options, Trouble, make, plan, verify};

/// Two documents with versions and a plain file. The voice is the second track.
fn album(folder: &Path) -> String {
    for (seed, name, db) in
        [(1, "band1", -12.0), (2, "voice1", -16.0), (3, "band2", -13.0), (4, "voice2", -17.0), (5, "three", -14.0)]
    {
        write(&folder.join(format!("{name}.wav")), 44_100, &beats(seed, 8.0, 44_100, db));
    }
    for number in [1, 2] {
        let mut text = format!(
            "[song]\ntitle = \"Song {number}\"\nsample_rate_hz = 44100\n\n[[track]]\nid = \"band\"\naudio = \"band{number}.wav\"\n\n\
             [[track]]\nid = \"voice\"\naudio = \"voice{number}.wav\"\n\n[[range]]\nid = \"middle\"\nfrom = 3.0\nto = 5.0\n\n\
             [[version]]\nid = \"instrumental\"\ntitle = \"Instrumental\"\nmute = [\"voice\"]\n"
        );
        if number == 1 {
            let _ = write!(text, "\n[[version]]\nid = \"radio-edit\"\ncut = [\"middle\"]\n");
        }
        std::fs::write(folder.join(format!("song{number}.toml")), text).unwrap();
    }
    "[album]\ntitle = \"A\"\nartist = \"B\"\nconsistency = \"off\"\n\n\
     [[song]]\ndocument = \"song1.toml\"\nisrc = \"GB-AYE-69-00301\"\nlyrics = \"la\"\ngap_s = 0.0\n\n\
     [[song]]\ndocument = \"song2.toml\"\ngap_s = 0.0\n\n\
     [[song]]\naudio = \"three.wav\"\ntitle = \"Three\"\n"
        .into()
}

const DELIVER: &str =
    "\n[[deliver]]\nformat = \"flac\"\nfolder = \"f\"\nversions = [\"instrumental\", \"radio-edit\", \"mono\"]\n";

/// So soft that no limiter works.
fn quiet() -> Options {
    Options { loudness_lufs: -26.0, ..options() }
}

fn made(folder: &Path, text: &str) -> Made {
    make(&mut Desk::default(), &read(text), folder, &folder.join("out"), &quiet()).unwrap_or_else(|e| panic!("{e:?}"))
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64
}

#[test]
fn versions_are_delivered_with_the_gains_of_the_album() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{}{DELIVER}", album(folder.path()));
    let report = made(folder.path(), &text).report;
    let out = folder.path().join("out");
    let paths: Vec<&str> = report.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "f/01 Song 1.flac",
            "f/02 Song 2.flac",
            "f/03 Three.flac",
            "f/instrumental/01 Song 1.flac",
            "f/instrumental/02 Song 2.flac",
            "f/radio-edit/01 Song 1.flac",
            "f/mono/01 Song 1.flac",
            "f/mono/02 Song 2.flac",
            "f/mono/03 Three.flac"
        ]
    );
    // A song without a version is named, with the remedy; of the plain file it is said why.
    let told: Vec<String> =
        report.failed.iter().map(|f| format!("{}: {}; {}", f.subject, f.message, f.remedy)).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().any(|t| t.starts_with("Song 2: has no version `radio-edit`")), "{told:?}");
    assert!(told.iter().any(|t| t.starts_with("Three: has no version `instrumental`") && t.contains("plain file")));
    // One gain: what the mix and the instrumental share lies at the same level. The voice is the difference, and no
    // compressor works at this level: nulled against the band's own recording, the instrumental is it times one gain.
    let (_, song, _) = samples(&out.join("f/01 Song 1.flac"));
    let (_, instrumental, _) = samples(&out.join("f/instrumental/01 Song 1.flac"));
    let (_, band, _) = samples(&folder.path().join("band1.wav"));
    let (_, voice, _) = samples(&folder.path().join("voice1.wav"));
    let (a, b) = (44_100, 300_000);
    let dot =
        |x: &[f32], y: &[f32]| x[a..b].iter().zip(&y[a..b]).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let gain = |x: &[f32], of: &[f32]| dot(x, of) / dot(of, of);
    let both: Vec<f32> = band.iter().zip(&voice).map(|(a, b)| a + b).collect();
    let (of_song, of_version) = (gain(&song, &both), gain(&instrumental, &band));
    let db = 20.0 * (of_version / of_song).log10();
    // The bus compressor of the chain rests a little more without the voice.
    // Measured: +0.23 dB.
    assert!(db.abs() < 0.6, "{db:.2} dB");
    // The edit lacks two seconds; joined songs without their neighbor end with the album's pause.
    let seconds = |path: &str| samples(&out.join(path)).1.len() as f64 / 44_100.0;
    assert!((seconds("f/radio-edit/01 Song 1.flac") - 6.0).abs() < 0.1, "{}", seconds("f/radio-edit/01 Song 1.flac"));
    assert!((seconds("f/instrumental/01 Song 1.flac") - 8.0).abs() < 1e-9);
    for file in &report.files {
        assert!(file.levels.unwrap().true_peak_dbtp.unwrap() <= -1.0 + 0.01, "{file:?}");
    }
    // The version stands behind the title; the code of the song's own recording is not the version's.
    let tags = |path: &str| tonmeister_media::tags(out.join(path)).unwrap().tags;
    let (own, other) = (tags("f/01 Song 1.flac"), tags("f/instrumental/01 Song 1.flac"));
    assert!(own.isrc.is_some() && own.version.is_none() && own.lyrics.is_some());
    assert_eq!((other.title.as_deref(), other.version.as_deref()), (Some("Song 1"), Some("Instrumental")));
    assert!(other.isrc.is_none() && other.lyrics.is_none());
    assert_eq!(tags("f/radio-edit/01 Song 1.flac").version.as_deref(), Some("Radio Edit"));
    assert!(tags("f/mono/01 Song 1.flac").lyrics.is_some());
    assert!(verify(&out).unwrap().is_whole());
    // And once more: nothing is rendered at all.
    let mut desk = Desk::default();
    let again = make(&mut desk, &read(&text), folder.path(), &out, &quiet()).unwrap().report;
    assert!(desk.renders.iter().all(|what| what == "Mixing"), "{:?}", desk.renders);
    assert!(again.files.iter().all(|file| file.kept) && again.failed.len() == 3);
}

/// Mono is (L + R) / 2 of the stereo master, both channels the same to the bit, at any depth; what cancels is told.
#[test]
fn mono_is_the_fold_down_of_the_master() {
    let folder = tempfile::tempdir().unwrap();
    let (left, right) = beats(7, 8.0, 44_100, -20.0);
    write(&folder.path().join("one.wav"), 44_100, &(left.clone(), right));
    // The second one is turned against itself: nothing of it is left.
    let turned: Vec<f32> = left.iter().map(|x| -x * 0.98).collect();
    write(&folder.path().join("two.wav"), 44_100, &(left, turned));
    let text = "[album]\ntitle = \"A\"\nartist = \"B\"\nconsistency = \"off\"\n[chain]\ninsert = []\n[[song]]\naudio = \"one.wav\"\n\
                [[song]]\naudio = \"two.wav\"\n[[deliver]]\nformat = \"wav\"\ndepth = \"32f\"\nfolder = \"w\"\nversions = [\"mono\"]\n\
                [[deliver]]\nformat = \"flac\"\ndepth = \"16\"\nfolder = \"f\"\nversions = [\"mono\"]\n";
    let report = made(folder.path(), text).report;
    let out = folder.path().join("out");
    let (_, left, right) = samples(&out.join("w/01 one.wav"));
    let (_, a, b) = samples(&out.join("w/mono/01 one.wav"));
    assert_eq!(a, b);
    let error: Vec<f32> = left.iter().zip(&right).zip(&a).map(|((l, r), m)| 0.5 * (l + r) - m).collect();
    let db = 10.0 * (power(&error) / power(&a)).log10();
    // No limiter works, so that only rounding is left.
    // Measured: −145.5 dB.
    assert!(db < -130.0, "{db:.1} dB");
    let (_, a, b) = samples(&out.join("f/mono/01 one.flac"));
    assert!(a == b && a.iter().any(|x| *x != 0.0));
    let folds = &report.mono;
    assert_eq!(folds.len(), 2);
    // Channels that have nothing in common lose 3 dB; one against the other loses nearly all: 20 lg (1.98 / 0.02 …).
    assert!((folds[0].loss_db.unwrap() - 3.0).abs() < 0.3, "{:?}", folds[0]);
    assert!(folds[1].loss_db.unwrap() > 30.0, "{:?}", folds[1]);
    let told: Vec<_> = report.failed.iter().map(|f| (f.subject.as_str(), f.message.as_str())).collect();
    assert!(told.len() == 1 && told[0].0 == "two" && told[0].1.contains("mono"), "{told:?}");
}

/// A killed release goes on, and a plan says what would be made without making it.
#[test]
fn versions_are_planned_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{}{DELIVER}", album(folder.path()));
    let document = read(&text);
    let scratch = tempfile::tempdir().unwrap();
    let planned = plan(&mut Desk::default(), &document, folder.path(), scratch.path(), &quiet()).unwrap().report;
    assert_eq!(planned.files.iter().filter(|f| f.version.as_deref() == Some("instrumental")).count(), 2);
    assert!(!folder.path().join("out").exists());
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    make(&mut Desk::default(), &document, folder.path(), &a, &quiet()).unwrap();
    for stop in ["Mastering instrumental", "Mastering mono"] {
        let mut desk = Desk { stop_before: Some(stop), block: 1000, ..Desk::default() };
        make(&mut desk, &document, folder.path(), &b, &quiet()).unwrap_err();
        assert!(verify(&b).is_err());
    }
    let mut desk = Desk { block: 777, ..Desk::default() };
    make(&mut desk, &document, folder.path(), &b, &quiet()).unwrap();
    assert_eq!(desk.renders, ["Mastering mono at 44100 Hz"]);
    let relative = |root: &Path| -> Vec<_> {
        let all = everything(root).into_iter().map(|(p, bytes)| (p.strip_prefix(root).unwrap().to_owned(), bytes));
        all.filter(|(path, _)| path != Path::new("release.json")).collect()
    };
    assert!(relative(&a) == relative(&b));
}

/// A song of a second and a half, and the pause behind it, on a disc is told of before it is mixed, when its document says how long it is.
#[test]
fn a_document_too_short_for_a_disc_is_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{}[[deliver]]\nformat = \"wav\"\n[cd]\n", album(folder.path()));
    let song = folder.path().join("song2.toml");
    let said = std::fs::read_to_string(&song).unwrap();
    std::fs::write(&song, said.replacen("[song]\n", "[song]\nlength_s = 1.5\n", 1)).unwrap();
    let mut desk = Desk::default();
    let error = make(&mut desk, &read(&text), folder.path(), &folder.path().join("no"), &quiet()).unwrap_err();
    let Trouble::Document(found) = error else { panic!("{error}") };
    assert!(found[0].code == "track-short" && desk.renders.is_empty(), "{found:?} {:?}", desk.renders);
}

#[test]
fn a_version_that_nobody_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = album(folder.path());
    let refused = |text: &str| {
        let mut desk = Desk::default();
        let error = make(&mut desk, &read(text), folder.path(), &folder.path().join("no"), &quiet()).unwrap_err();
        assert!(desk.renders.is_empty());
        let Trouble::Document(found) = error else { panic!("{error}") };
        (found[0].message.clone(), found[0].help.clone().unwrap_or_default(), found[0].span.clone())
    };
    let (message, help, span) = refused(&format!("{good}{}", DELIVER.replace("radio-edit", "radio-edti")));
    assert!(message.contains("`radio-edti`") && help.contains("radio-edit") && span.is_some(), "{message} {help}");
    let text = format!(
        "{}{DELIVER}",
        good.replace("document = \"song2.toml\"", "document = \"song2.toml\"\nversion = \"edit\"")
    );
    let (message, ..) = refused(&text);
    assert!(message.contains("song 2 has no version `edit`"), "{message}");
    // The album may have a version in the mix's place.
    let text = good.replacen("document = \"song1.toml\"", "document = \"song1.toml\"\nversion = \"radio-edit\"", 1);
    let report = made(folder.path(), &format!("{text}\n[[deliver]]\nformat = \"flac\"\nfolder = \"f\"\n")).report;
    assert!((report.songs[0].seconds - 6.0).abs() < 0.1, "{}", report.songs[0].seconds);
    let tags = tonmeister_media::tags(folder.path().join("out/f/01 Song 1 (Radio Edit).flac")).unwrap().tags;
    assert_eq!((tags.version.as_deref(), tags.isrc.is_some()), (Some("Radio Edit"), true));
}
