//! Reports on paper: whole documents whose text can be read by others, the same every time.

mod sounds;

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use sounds::{measured, services, song};
use tonmeister_report::page::{Page, Printed, Section, Table};
use tonmeister_report::{Report, Story};

/// What another program makes of a document; nothing where that program is not installed, which is said loudly.
fn other(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<String> {
    // Tests run side by side: each call has a folder of its own.
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("tonmeister-pdf-{}-{call}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("page.pdf");
    std::fs::write(&path, bytes).unwrap();
    let mut command = Command::new(program);
    for argument in arguments {
        if *argument == "FILE" {
            command.arg(&path);
        } else {
            command.arg(argument);
        }
    }
    let output = command.output();
    let answer = match output {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && told.is_empty(), "{program}: {told}");
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(error) => {
            eprintln!("\n*** SKIPPED: {program} is not installed ({error}); the PDF was not read by it ***\n");
            None
        }
    };
    let _ = std::fs::remove_dir_all(&folder);
    answer
}

/// The text as it is copied from the document, with single spaces.
fn text_of(printed: &Printed) -> Option<String> {
    let text = other("pdftotext", &["-layout", "FILE", "-"], &printed.bytes)?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Sound in itself, as far as others can tell.
fn sound(printed: &Printed) {
    assert!(printed.bytes.starts_with(b"%PDF-1.7") && printed.bytes.ends_with(b"%%EOF"));
    let clock = [&b"CreationDate"[..], b"ModDate"];
    for word in clock {
        assert!(!printed.bytes.windows(word.len()).any(|bytes| bytes == word), "a clock is in it");
    }
    other("qpdf", &["--check", "FILE"], &printed.bytes);
    if let Some(info) = other("pdfinfo", &["FILE"], &printed.bytes) {
        assert!(info.contains(&format!("Pages:           {}", printed.sheets)), "{info}");
        assert!(info.contains("A4"), "{info}");
    }
    if let Some(fonts) = other("pdffonts", &["FILE"], &printed.bytes) {
        // Name, type, encoding, embedded, subset, Unicode.
        for line in fonts.lines().skip(2) {
            assert!(line.contains("+Inter-") && line.contains("yes yes yes"), "{line}");
        }
    }
}

#[test]
fn a_report_is_printed_and_read_by_others() {
    let subjects = [measured("Ночной паром & Ελένη.wav", 48_000, &song(12, true))];
    let services = services();
    let report = Report::new(&subjects, &services, Story::SideBySide);
    let printed = report.pdf().unwrap();
    sound(&printed);
    assert_eq!(printed.bytes, report.pdf().unwrap().bytes, "not the same twice");
    assert!(printed.missing.is_empty(), "{:?}", printed.missing);
    let Some(text) = text_of(&printed) else { return };
    for words in ["Ночной паром & Ελένη.wav", "What was found", "Loudness over time", "Downward", "kHz"]
    {
        assert!(text.contains(words), "{words} is not in it: {text}");
    }
}

#[test]
fn letters_that_the_typeface_lacks_are_shown_as_boxes_and_copied_as_themselves() {
    let mut page = Page::new("東京 by Ёлка", "one song\nعربي");
    let mut section = Section::new("songs", "Songs");
    let mut table = Table::new("What there is", &["", "loudness"]);
    table.row(["龍 & 龍 🎧".to_string(), "−9.8 LUFS".to_string()]);
    section.table(&table);
    page.section(&section);
    let printed = page.pdf().unwrap();
    sound(&printed);
    assert_eq!(printed.missing.get(&'龍'), Some(&2));
    assert_eq!(printed.missing.get(&'Ё'), None);
    for letter in "東京عربي🎧".chars() {
        assert!(printed.missing.contains_key(&letter), "{letter}");
    }
    let Some(text) = text_of(&printed) else { return };
    let without: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(text.contains("東京"), "boxes side by side are one word: {text}");
    for words in ["東京byЁлка", "龍&龍🎧", "−9.8LUFS", "U+9F8D"] {
        assert!(without.contains(words), "{words} is not in it: {text}");
    }
    for letter in "عربي".chars() {
        assert!(text.contains(letter), "{letter} is not in it: {text}");
    }
}

#[test]
fn long_tables_and_long_words_break_over_sheets() {
    let mut page = Page::new(&"A title without an end ".repeat(12), "");
    let mut section = Section::sheet("files", "Files");
    let mut table = Table::new("Many", &["", "format", "what to do"]);
    for n in 0..200 {
        let path = format!("folder/{n:03}{}.wav", "x".repeat(n));
        table.row([path, "24-bit WAV".into(), "ask for less loudness, or lower `min_plr_db`, and render again".into()]);
    }
    section.table(&table);
    section.table(&Table::new("Empty", &[]));
    section.words("");
    page.section(&section);
    page.section(&Section::new("", ""));
    let printed = page.pdf().unwrap();
    sound(&printed);
    assert!(printed.sheets > 8, "{}", printed.sheets);
    let Some(text) = text_of(&printed) else { return };
    for n in 0..200 {
        assert!(text.contains(&format!("folder/{n:03}")), "row {n} is missing");
    }
    // The head of the table stands on every sheet that the table is on.
    assert!(text.matches("what to do").count() >= printed.sheets - 1, "{}", text.matches("what to do").count());
}

#[test]
fn any_text_is_printed_and_none_is_lost() {
    // Letters from everywhere in Unicode, also where there are none, in 150 rows; a generator after Knuth (MMIX).
    let mut state = 7_u64;
    let mut next = |below: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    };
    let mut page = Page::new("\u{200d}", "\u{202e}right\u{0}to\u{fffe}left");
    let mut section = Section::new("", "e\u{301}\u{301}\u{327} \u{1f468}\u{200d}\u{1f469}");
    let mut table = Table::new("", &["\u{feff}"]);
    for _ in 0..150 {
        let reach = [0x80, 0x250, 0x700, 0x3000, 0x1_0000, 0x11_0000][next(6) as usize];
        table.row((0..3).map(|_| (0..next(12)).filter_map(|_| char::from_u32(next(reach))).collect()));
    }
    section.table(&table);
    page.section(&section);
    let printed = page.pdf().unwrap();
    sound(&printed);
    assert_eq!(printed.bytes, page.pdf().unwrap().bytes);
    let Some(text) = text_of(&printed) else { return };
    let wanted: Vec<char> = printed.missing.keys().copied().filter(|c| c.is_alphabetic()).collect();
    let found = wanted.iter().filter(|c| text.contains(**c)).count();
    assert!(
        wanted.len() > 200 && found == wanted.len(),
        "{found} of {} letters without a shape are found",
        wanted.len()
    );
}

#[test]
fn columns_without_room_lose_nothing() {
    let signs: String = (33_u8..127).map(char::from).collect();
    let mut page = Page::new("Narrow", "");
    let mut section = Section::new("narrow", "Narrow");
    let mut table = Table::of_sentences("Hardly room for a letter", &[]);
    table.row((0..50).map(|n| signs.chars().cycle().skip(n).take(150).collect()));
    section.table(&table);
    page.section(&section);
    let printed = page.pdf().unwrap();
    sound(&printed);
    // 150 lines do not fit on one sheet.
    assert!(printed.sheets > 2, "{}", printed.sheets);
    let Some(text) = text_of(&printed) else { return };
    // Every sign in every column, and a few in the title and below.
    let count = |sign: char| text.matches(sign).count();
    for sign in signs.chars().filter(|c| !c.is_alphanumeric()) {
        assert!(count(sign) >= 50, "{sign}: {}", count(sign));
    }
}
