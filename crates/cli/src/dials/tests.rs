use super::*;

static SCALE: Scale = Scale {
    title: "Peak",
    unit: "dBFS",
    bottom_db: -60.0,
    top_db: 0.0,
    law: tonmeister::Law::Decibels,
    marks: &[
        tonmeister::Mark { at_db: -60.0, label: "60", zone: Zone::Normal },
        tonmeister::Mark { at_db: -30.0, label: "30", zone: Zone::High },
        tonmeister::Mark { at_db: -6.0, label: "6", zone: Zone::Over },
    ],
};

static TAKEN: Scale = Scale {
    title: "Gain reduction",
    unit: "dB",
    bottom_db: 0.0,
    top_db: 24.0,
    law: tonmeister::Law::Decibels,
    marks: &[
        tonmeister::Mark { at_db: 0.0, label: "0", zone: Zone::Normal },
        tonmeister::Mark { at_db: 12.0, label: "12", zone: Zone::High },
    ],
};

fn needles() -> LiveNeedles {
    let stand = |level_db, held_db, highest_db| Stand { level_db, held_db, highest_db };
    LiveNeedles {
        played_s: 62.345,
        at_s: 104.3,
        of_s: Some(98.1),
        rows: vec![
            LiveRow {
                id: "peak".into(),
                title: "Peak".into(),
                scale: &SCALE,
                needles: vec![("L", stand(-30.0, -12.0, -12.0)), ("R", stand(-3.0, -3.0, -0.5))],
            },
            LiveRow {
                id: "lim".into(),
                title: "master/lim\u{1b}[2Jiter".into(),
                scale: &TAKEN,
                needles: vec![("", stand(6.0, 12.0, 12.0))],
            },
        ],
    }
}

#[test]
fn a_wide_terminal_shows_bars_marks_and_scales() {
    let lines = drawn(&needles(), (100, 24), false);
    assert_eq!(lines[0], "1:02.3 of 1:38.1  at 1:44.3 of the song");
    let cells = |line: &str| line.chars().skip(23).take(54).collect::<String>();
    assert_eq!(lines[1].chars().take(23).collect::<String>(), "Peak                 L ");
    // Half-way, and the stroke of what it held at four fifths; the rest is empty.
    assert_eq!(cells(&lines[1]), format!("{}{}│{}", "▒".repeat(27), " ".repeat(16), " ".repeat(10)));
    assert!(lines[1].ends_with("−30.0 dBFS  −12.0"), "{}", lines[1]);
    // Three zones, told apart without color; where it stood too high stays told.
    let (normal, high, over) = (27, 22, 2);
    assert!(cells(&lines[2]).starts_with(&format!("{}{}{}", "▒".repeat(normal), "▓".repeat(high), "█".repeat(over))));
    assert!(lines[2].ends_with("−3.0 dBFS   −0.5!"), "{}", lines[2]);
    assert_eq!(lines[3].trim(), format!("60{}30{}6", " ".repeat(24), " ".repeat(20)).as_str());
    // What is taken off hangs from the right.
    assert!(lines[4].starts_with("master/lim?[2Jiter "), "{}", lines[4]);
    assert!(cells(&lines[4]).ends_with(&"█".repeat(14)) && cells(&lines[4]).contains("│  "), "{}", lines[4]);
    assert!(lines[5].trim_start().starts_with("12") && lines[5].ends_with('0'), "{}", lines[5]);
    assert!(!lines.iter().any(|line| line.contains('\u{1b}')));
}

#[test]
fn colors_add_nothing_to_the_width() {
    let (plain, colored) = (drawn(&needles(), (90, 24), false), drawn(&needles(), (90, 24), true));
    assert_eq!(plain.len(), colored.len());
    for (plain, colored) in plain.iter().zip(&colored) {
        assert_eq!(seen(plain), seen(colored), "{plain}\n{colored}");
    }
    assert!(colored[2].contains(&BAD.to_string()));
}

#[test]
fn every_line_fits_whatever_the_terminal() {
    for width in 0..130 {
        for height in 0..12 {
            let lines = drawn(&needles(), (width, height), true);
            assert!(lines.len() <= height.max(1), "{width}x{height}: {}", lines.len());
            for line in &lines {
                assert!(seen(line) <= width.max(12), "{width}x{height}: {line}");
            }
        }
    }
    let low = drawn(&needles(), (100, 3), false);
    assert_eq!((low.len(), low[2].as_str()), (3, "2 needles more: the terminal is too low"));
    // Where the name has no room, the short one stands.
    assert!(drawn(&needles(), (40, 24), false)[3].starts_with("lim  "), "{:?}", drawn(&needles(), (40, 24), false));
    let narrow = drawn(&needles(), (30, 24), false);
    assert!(narrow[1].ends_with("−30.0") && !narrow[1].contains('▒'), "{}", narrow[1]);
}

#[test]
fn a_terminal_made_narrower_is_cleared_all_the_same() {
    let dials = Dials { watched: true, colored: false, lines: vec![80, 40, 0] };
    assert_eq!(dials.back(80), "\r\u{1b}[3A");
    assert_eq!(dials.back(40), "\r\u{1b}[4A");
    assert_eq!(Dials::default().back(80), "");
}
