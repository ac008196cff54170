//! Whole reports, from sounds that were really measured: well-formed, self-contained, bounded, the same every time.

mod sounds;

use sounds::{heard, measured, services, song};
use tonmeister_core::{Buffer, Layout, Severity};
use tonmeister_dsp::testing::{sine, stereo_noise};
use tonmeister_report::{Report, Story, Subject};

/// Everything that any report must be.
fn good(name: &str, report: Report<'_>) -> String {
    let html = report.html();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let page = roxmltree::Document::parse_with_options(&html, options)
        .unwrap_or_else(|error| panic!("{name}: the page is not well-formed: {error}"));
    let mut ids = std::collections::HashSet::new();
    for node in page.descendants().filter(roxmltree::Node::is_element) {
        if let Some(id) = node.attribute("id") {
            assert!(ids.insert(id), "{name}: the id `{id}` is there twice");
        }
        for attribute in node.attributes() {
            let value = attribute.value();
            let foreign = value.contains("://") || value.starts_with("//");
            assert!(!foreign, "{name}: <{}> points outside: {value}", node.tag_name().name());
        }
        // Colors come from the page, numbers from what was measured: none may be missing.
        for attribute in node.attributes() {
            let bad = ["NaN", "inf"].iter().any(|word| attribute.value().contains(word) && attribute.name() == "d");
            assert!(!bad, "{name}: a path that leads nowhere");
        }
        if node.tag_name().name() == "svg"
            && node.attribute("class").is_none()
            && node.attribute("aria-hidden").is_none()
        {
            assert!(
                node.attribute("aria-label").is_some_and(|words| words.len() > 3),
                "{name}: a picture without words"
            );
        }
    }
    for node in page.descendants() {
        for link in ["href", "xlink:href"] {
            if let Some(target) = node.attribute(link).and_then(|target| target.strip_prefix('#')) {
                assert!(ids.contains(target), "{name}: a link to `{target}`, which is not there");
            }
        }
    }
    // Beside the names of the XML vocabularies and of the typeface's licence nothing looks like an address.
    let addresses = html.matches("://").count() - html.matches("http://www.w3.org/").count();
    assert_eq!(addresses, 0, "{name}: an address in the page");
    assert!(!html.contains("@import") && !html.contains("fetch("), "{name}: the page asks for something");
    assert_eq!(html, report.html(), "{name}: not the same twice");
    for figure in report.figures() {
        let svg = figure.svg();
        roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{name}, {}: {error}", figure.name));
        assert!(!svg.contains("var("), "{name}, {}: a color without a page", figure.name);
    }
    html
}

#[test]
fn a_song_with_a_fault_is_told_and_shown() {
    let subjects = [measured("so<ng & \"more\".wav", 48_000, &song(12, true))];
    let services = services();
    assert!(subjects[0].findings.iter().any(|f| f.severity >= Severity::Warning), "{:?}", subjects[0].findings);
    let report = Report::new(&subjects, &services, Story::SideBySide);
    let html = good("song", report);
    for word in ["so&lt;ng &amp; &quot;more&quot;.wav", "data-at=", "Downward", "LUFS", "<caption>", "gravity warning"]
    {
        assert!(html.contains(word), "{word} is missing");
    }
    let names: Vec<String> = report.figures().into_iter().map(|figure| figure.name).collect();
    assert_eq!(
        names,
        ["waveform", "loudness", "peaks", "spectrum", "corridor", "spectrogram", "stereo", "correlation"]
    );
    for picture in report.pictures().unwrap() {
        let image = png::Decoder::new(std::io::Cursor::new(&picture.png)).read_info().unwrap();
        assert_eq!(image.info().width, 1920, "{}", picture.name);
    }
}

#[test]
fn odd_sounds_give_good_pages() {
    let services = services();
    let tone = sine(440.0, 0.5, 44_100, 44_100 * 5);
    let mut broken = song(5, false);
    broken.channel_mut(0)[1000..1100].fill(f32::NAN);
    broken.channel_mut(1)[5000] = f32::INFINITY;
    let mut one_sided = song(5, false);
    one_sided.channel_mut(1).fill(0.0);
    let cases = [
        ("silence", 48_000, Buffer::new(Layout::Stereo, 48_000 * 4)),
        ("nothing", 48_000, Buffer::new(Layout::Stereo, 0)),
        ("one sample", 48_000, Buffer::from_mono(vec![0.5])),
        ("mono", 44_100, Buffer::from_mono(tone)),
        ("low rate", 8_000, Buffer::from_mono(sine(300.0, 0.1, 8_000, 24_000))),
        ("high rate", 192_000, stereo_noise(3, 0.2, 96_000)),
        ("no numbers", 48_000, broken),
        ("one side", 48_000, one_sided),
        ("far too loud", 48_000, Buffer::from_mono(sine(100.0, 1e6, 48_000, 96_000))),
        ("far too quiet", 48_000, Buffer::from_mono(sine(100.0, 1e-7, 48_000, 96_000))),
    ];
    for (name, rate, audio) in &cases {
        let subjects = [measured(name, *rate, audio)];
        let html = good(name, Report::new(&subjects, &services, Story::SideBySide));
        assert!(html.len() < 1_500_000, "{name}: {} bytes", html.len());
        for picture in Report::new(&subjects, &services, Story::SideBySide).pictures().unwrap() {
            assert!(picture.png.starts_with(b"\x89PNG"), "{name}, {}", picture.name);
        }
    }
    // All of them in one report, whatever their rates and lengths; and none at all.
    let subjects: Vec<Subject> = cases.iter().map(|(name, rate, audio)| measured(name, *rate, audio)).collect();
    good("all together", Report::new(&subjects, &services, Story::SideBySide));
    good("none", Report::new(&[], &services, Story::SideBySide));
    good("no services", Report::new(&subjects[..1], &[], Story::SideBySide));
}

#[test]
fn before_and_after_are_one_story() {
    let mut quiet = song(8, false);
    for channel in 0..2 {
        quiet.channel_mut(channel).iter_mut().for_each(|x| *x *= 0.5);
    }
    let subjects = [measured("mix.wav", 48_000, &quiet), measured("master.wav", 48_000, &song(8, false))];
    let services = services();
    let html = good("before and after", Report::new(&subjects, &services, Story::BeforeAfter));
    assert!(html.contains("6.0 LU louder than before"), "no difference told");
    assert!(html.contains(">change<"), "no column of differences");
    let html = good("side by side", Report::new(&subjects, &services, Story::SideBySide));
    assert!(!html.contains(">change<"));
}

#[test]
fn pictures_of_many_files_live_in_one_page() {
    use tonmeister_report::figures::{self, Cast, InOrder};
    use tonmeister_report::page::{Page, Section};
    let subjects = [measured("one", 48_000, &song(5, false)), measured("two", 48_000, &song(6, true))];
    let mut page = Page::new("An album", "");
    let mut whole = Section::new("all", "All");
    let place = |start_s, lufs| InOrder {
        name: "A <song>".into(),
        start_s,
        sounds_s: 5.0,
        before_lufs: lufs,
        after_lufs: lufs,
        range_lufs: lufs.map(|lufs: f64| (lufs - 4.0, lufs + 2.0)),
    };
    whole.figure(&figures::order(vec![place(0.0, Some(-14.0)), place(4.0, None), place(12.0, Some(-9.0))]));
    whole.figure(&figures::order(Vec::new()));
    page.section(&Section::new("nothing", ""));
    for (n, subject) in subjects.iter().enumerate() {
        let cast = Cast { subjects: std::slice::from_ref(subject), story: Story::SideBySide };
        let mut section = Section::sheet(&format!("song-{n}"), &subject.name);
        for mut figure in figures::stereo(cast).into_iter().chain(figures::spectrogram(cast)) {
            figure.name = format!("{}-{n}", figure.name);
            section.figure(&figure);
        }
        page.section(&section);
    }
    let html = page.html();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let parsed = roxmltree::Document::parse_with_options(&html, options).unwrap();
    let ids: Vec<&str> = parsed.descendants().filter_map(|node| node.attribute("id")).collect();
    let single: std::collections::HashSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), single.len(), "an id is there twice: {ids:?}");
    for map in ["stereo-0-goniometer-1", "stereo-1-goniometer-1", "spectrogram-1-spectrogram-map"] {
        assert!(ids.contains(&map), "{map}: {ids:?}");
        assert_eq!(html.matches(&format!("href=\"#{map}\"")).count(), 2, "{map} is shown wide and narrow");
    }
    page.section(&whole);
    assert!(page.pdf().unwrap().sheets >= 3);
}

#[test]
fn an_hour_fits_into_two_megabytes() {
    // Heard again and again: 63 minutes of noise, which packs worst. Measured: 0.41 MB.
    let minutes = song(60, false);
    let subjects = [heard("hour.wav", 16_000, Layout::Stereo, 21, &minutes)];
    assert!(subjects[0].seconds() > 3_600.0);
    let services = services();
    let html = good("hour", Report::new(&subjects, &services, Story::SideBySide));
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    println!("an hour: {} bytes", html.len());
}
