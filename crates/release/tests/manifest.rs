//! What a distributor gets: who made what, as a table and as JSON, in the files' own tags; sums; and the picture.

mod studio;

use std::path::Path;

use studio::{Desk, beats, options, read, write};
use tonmeister_media::artwork::Artwork;
use tonmeister_media::tags::{Role, tags};
use tonmeister_release::album::{make, verify};
use tonmeister_release::cdtext::genre_code;
use tonmeister_release::ddp::Fileset;

const ALBUM: &str = "[album]\ntitle = \"Night, \\\"Drive\\\"\"\nartist = \"Ann\"\nconsistency = \"off\"\nlabel = \"Tin Roof\"\n\
    catalog_number = \"TR 7\"\n    upc = \"036000291452\"\nrelease_date = \"2026-11-21\"\nphonogram = \"2026 Ann\"\ngenre = \"Rock\"\nlanguage = \"en\"\ndisc = 2\n\
    discs = 3\nproducers = [\"Pat\"]\nmastering = [\"Max\"]\n\n\
    [[song]]\naudio = \"one.wav\"\ntitle = \"One\"\nversion_title = \"Live\"\nfeatured = [\"Cy\"]\ncomposers = [\"Ann\", \"Bo\"]\n\
    performers = [\"Dee\"]\nisrc = \"GB-AYE-69-00301\"\nlyrics = \"Down\\nby the harbor\"\nexplicit = false\n\n\
    [[song]]\naudio = \"one.wav\"\ntitle = \"Two\"\nproducers = [\"Quin\"]\ngenre = \"Pop\"\nlanguage = \"zxx\"\n\n\
    [[deliver]]\nformat = \"flac\"\nfolder = \"f\"\nversions = [\"mono\"]\n\n[[deliver]]\nformat = \"wav\"\nfolder = \"w\"\n\n[cd]\n";

/// Rows of a table as RFC 4180 has it.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            other => cell.push(other),
        }
    }
    rows
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_distributor_gets_who_made_what_and_sums() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("one.wav"), 44_100, &beats(1, 5.0, 44_100, -14.0));
    let out = folder.path().join("out");
    make(&mut Desk::default(), &read(ALBUM), folder.path(), &out, &options()).unwrap();

    let table = rows(&text(&out.join("manifest.csv")));
    let head = &table[0];
    assert!(table.iter().all(|row| row.len() == head.len()), "{table:?}");
    let cell = |file: &str, column: &str| {
        let row = table.iter().find(|row| row[0] == file).unwrap_or_else(|| panic!("{file} in {table:?}"));
        row[head.iter().position(|name| name == column).unwrap_or_else(|| panic!("{column} in {head:?}"))].clone()
    };
    let files: Vec<&str> = table[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(
        files,
        [
            "f/01 One (Live).flac",
            "w/01 One (Live).wav",
            "f/mono/01 One (Live).flac",
            "f/02 Two.flac",
            "w/02 Two.wav",
            "f/mono/02 Two.flac"
        ]
    );
    let one = |column: &str| cell("f/01 One (Live).flac", column);
    assert_eq!((one("title"), one("version"), one("artist")), ("One".into(), "Live".into(), "Ann feat. Cy".into()));
    assert_eq!((one("composer"), one("producer"), one("performer")), ("Ann; Bo".into(), "Pat".into(), "Dee".into()));
    assert_eq!((one("mastering_engineer"), one("isrc")), ("Max".into(), "GBAYE6900301".into()));
    assert_eq!((one("language"), one("genre"), one("explicit")), ("en".into(), "Rock".into(), "no".into()));
    assert_eq!((one("release_title"), one("disc"), one("discs")), ("Night, \"Drive\"".into(), "2".into(), "3".into()));
    assert_eq!(
        (one("lyrics"), one("seconds"), one("track")),
        ("Down\nby the harbor".into(), "7.000".into(), "1".into())
    );
    let two = |column: &str| cell("w/02 Two.wav", column);
    assert_eq!((two("producer"), two("genre"), two("language")), ("Quin".into(), "Pop".into(), "zxx".into()));
    // A fold-down is a recording of its own, without the song's code.
    assert_eq!(
        (cell("f/mono/01 One (Live).flac", "version"), cell("f/mono/01 One (Live).flac", "isrc")),
        ("Live, Mono".into(), String::new())
    );

    // The files say the same.
    let read_back = tags(out.join("f/01 One (Live).flac")).unwrap().tags;
    assert_eq!(
        (read_back.version.as_deref(), read_back.language.map(|l| l.to_string())),
        (Some("Live"), Some("en".into()))
    );
    for (role, name) in [
        (Role::Featured, "Cy"),
        (Role::Producer, "Pat"),
        (Role::Performer, "Dee"),
        (Role::Mastering, "Max"),
        (Role::Composer, "Ann"),
    ] {
        assert!(read_back.credited(role).contains(&name), "{role}: {read_back:?}");
    }
    assert!(!read_back.compilation && !read_back.gapless);
    assert_eq!(read_back.disc.map(|disc| (disc.number, disc.of)), Some((2, Some(3))));

    // The same as JSON, with the disc's files among those of no song.
    let json: serde_json::Value = serde_json::from_str(&text(&out.join("manifest.json"))).unwrap();
    assert_eq!(json["release"]["upc"], "036000291452");
    assert_eq!(json["recordings"].as_array().unwrap().len(), 4);
    assert_eq!(json["recordings"][0]["files"][0]["md5"].as_str().unwrap(), one("md5"));
    assert!(json["files"].as_array().unwrap().iter().any(|file| file["path"] == "cd/ddp/IMAGE.DAT"), "{json:#}");

    // Every file but the page has its sum, and they are right.
    let mut summed = 0;
    for line in text(&out.join("checksums.md5")).lines() {
        let (sum, path) = line.split_once("  ").unwrap();
        assert_eq!(sum, format!("{:x}", md5::compute(std::fs::read(out.join(path)).unwrap())), "{path}");
        summed += 1;
    }
    let lock: serde_json::Value = serde_json::from_str(&text(&out.join("release.lock"))).unwrap();
    assert_eq!(summed, lock["files"].as_array().unwrap().len() + 2);

    // The disc says which version it is, who is on it, and what kind of music it is.
    let disc = Fileset::open(out.join("cd/ddp")).unwrap();
    let block = &disc.text.as_ref().unwrap().blocks[0];
    let first = &block.tracks[0].texts;
    assert_eq!((first.title.as_str(), first.performer.as_str()), ("One (Live)", "Ann feat. Cy"));
    assert_eq!(block.genre.as_ref().map(|genre| genre.code), genre_code("Rock Music"));
    assert_eq!(block.disc_id, "TR 7");
    assert!(text(&out.join("cd/PQ sheet.txt")).contains("One (Live)"));
}

/// What is written for a distributor is looked at again with the release: a table that was changed, a sum that is missing,
/// a sum too many.
#[test]
fn what_no_longer_speaks_of_the_files_is_found() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("one.wav"), 44_100, &beats(1, 5.0, 44_100, -14.0));
    let out = folder.path().join("out");
    make(&mut Desk::default(), &read(ALBUM), folder.path(), &out, &options()).unwrap();
    assert!(verify(&out).unwrap().is_whole());
    let wrong = |change: &dyn Fn()| {
        let kept = ["manifest.csv", "manifest.json", "checksums.md5"].map(|name| (name, text(&out.join(name))));
        change();
        let found = verify(&out).unwrap();
        for (name, text) in kept {
            std::fs::write(out.join(name), text).unwrap();
        }
        let found = found.files.into_iter().filter_map(|file| Some((file.path, file.problem?)));
        found.map(|(path, problem)| format!("{path}: {problem}")).collect::<Vec<_>>()
    };
    let sums = out.join("checksums.md5");
    assert_eq!(
        wrong(&|| std::fs::write(out.join("manifest.csv"), "file\n").unwrap()),
        ["manifest.csv: has another sum than checksums.md5 says"]
    );
    assert_eq!(
        wrong(&|| std::fs::remove_file(out.join("manifest.json")).unwrap()),
        ["manifest.json: there is no such file or folder"]
    );
    assert_eq!(wrong(&|| std::fs::remove_file(&sums).unwrap()), ["checksums.md5: there is no such file or folder"]);
    let first = text(&sums).lines().next().unwrap().to_owned();
    let (sum, path) = first.split_once("  ").unwrap();
    assert_eq!(
        wrong(&|| std::fs::write(&sums, text(&sums).replace(&format!("{first}\n"), "")).unwrap()),
        [format!("checksums.md5: {path} has no sum in checksums.md5")]
    );
    assert_eq!(
        wrong(&|| std::fs::write(&sums, text(&sums) + sum + "  other.wav\n").unwrap()),
        ["checksums.md5: names other.wav, which is no file of this release"]
    );
    // A song that was changed is told once, by its own hash.
    let song = out.join(path);
    let bytes = std::fs::read(&song).unwrap();
    let changed = wrong(&|| std::fs::write(&song, &bytes[..bytes.len() - 1]).unwrap());
    assert_eq!(changed, [format!("{path}: was changed since it was made")]);
}

/// A PNG of stripes, not compressed.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0);
        rows.extend((0..width * 3).map(|x| (x * 7 + y) as u8));
    }
    let mut zlib = vec![0x78, 0x01];
    let blocks = rows.chunks(65_535).count();
    for (n, block) in rows.chunks(65_535).enumerate() {
        let length = block.len() as u16;
        zlib.push(u8::from(n + 1 == blocks));
        zlib.extend(length.to_le_bytes());
        zlib.extend((!length).to_le_bytes());
        zlib.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in &rows {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    zlib.extend(((b << 16) | a).to_be_bytes());
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    for (kind, body) in [(b"IHDR", head), (b"IDAT", zlib), (b"IEND", Vec::new())] {
        file.extend((body.len() as u32).to_be_bytes());
        let from = file.len();
        file.extend(kind);
        file.extend(body);
        let sum = crc32fast::hash(&file[from..]);
        file.extend(sum.to_be_bytes());
    }
    file
}

/// A picture as shops want it is made smaller for each kind of file; what shops would refuse is told, and no obstacle.
#[test]
fn a_picture_is_resized_for_its_container_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("one.wav"), 44_100, &beats(1, 3.0, 44_100, -14.0));
    let cover = |width, height| std::fs::write(folder.path().join("cover.png"), png(width, height)).unwrap();
    let text = "[album]\ntitle = \"A\"\nartist = \"B\"\nconsistency = \"off\"\nartwork = \"cover.png\"\n[[song]]\naudio = \"one.wav\"\ntitle = \"One\"\n[[deliver]]\nformat = \"flac\"\nfolder = \"f\"\n\
         [[deliver]]\nformat = \"opus\"\nfolder = \"o\"\n";
    for (size, sides, codes) in
        [((1600, 1600), (1400, 1000), &["art-size"][..]), ((900, 600), (900, 900), &["art-square", "art-size"])]
    {
        cover(size.0, size.1);
        let out = folder.path().join("out");
        let made = make(&mut Desk::default(), &read(text), folder.path(), &out, &options()).unwrap();
        let told: Vec<&str> = made.warnings.iter().map(|(_, warning)| warning.code).collect();
        assert_eq!(told, codes);
        assert!(made.warnings.iter().all(|(path, _)| path == Path::new("cover.png")));
        for (file, side) in [("f/01 One.flac", sides.0), ("o/01 One.opus", sides.1)] {
            let found = tonmeister_media::tags(folder.path().join("out").join(file)).unwrap();
            let picture = Artwork::of_bytes(Path::new(file), found.pictures[0].bytes.clone()).unwrap();
            let (width, height) = picture.size();
            assert_eq!(width.max(height), side, "{file}");
        }
        // And a file of its own, as shops take it.
        let whole = Artwork::load(out.join("cover.jpg")).unwrap();
        assert_eq!(whole.size(), size);
        let sums = std::fs::read_to_string(out.join("checksums.md5")).unwrap();
        assert!(sums.contains("  cover.jpg\n"));
    }
}

/// A picture that lies where its own file would come is never written over by another.
#[test]
fn the_picture_itself_is_never_lost() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("one.wav"), 44_100, &beats(1, 2.0, 44_100, -14.0));
    let at = folder.path().join("cover.jpg");
    std::fs::write(&at, png(900, 900)).unwrap();
    let text = "[album]\ntitle = \"A\"\nartist = \"B\"\nconsistency = \"off\"\nartwork = \"cover.jpg\"\n[[song]]\naudio = \"one.wav\"\ntitle = \"One\"\n[[deliver]]\nformat = \"flac\"\nfolder = \"f\"\n";
    let go = || make(&mut Desk::default(), &read(text), folder.path(), folder.path(), &options());
    let refused = go().err().unwrap().to_string();
    assert!(refused.contains("cover.jpg") && refused.contains("name another folder"), "{refused}");
    assert_eq!(std::fs::read(&at).unwrap(), png(900, 900));
    // Where it is already what it would become, all is well.
    let cover = Artwork::load(&at).unwrap().embedded(3000, 10_000_000).unwrap().bytes;
    std::fs::write(&at, &cover).unwrap();
    go().unwrap();
    assert!(std::fs::read(&at).unwrap() == cover && verify(folder.path()).unwrap().is_whole());
}

/// A sampler is one, and songs that run into each other say so, to the players that fade or pause otherwise.
#[test]
fn samplers_and_songs_without_a_pause_say_so() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("one.wav"), 44_100, &beats(1, 2.0, 44_100, -14.0));
    let song = |title: &str, more: &str| format!("[[song]]\naudio = \"one.wav\"\ntitle = \"{title}\"\n{more}\n");
    let text = format!(
        "[album]\ntitle = \"A\"\nartist = \"Various Artists\"\nconsistency = \"off\"\n{}{}{}[[deliver]]\nformat = \"alac\"\nfolder = \"m\"\n",
        song("One", ""),
        song("Two", "gap_s = 0.0"),
        song("Three", "gap_s = 1.0"),
    );
    let out = folder.path().join("out");
    make(&mut Desk::default(), &read(&text), folder.path(), &out, &options()).unwrap();
    let said = ["01 One", "02 Two", "03 Three"].map(|name| {
        let tags = tags(out.join(format!("m/{name}.m4a"))).unwrap().tags;
        (tags.gapless, tags.compilation)
    });
    assert_eq!(said, [(true, true), (true, true), (false, true)]);
}
