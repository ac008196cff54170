//! Each part of a page, on paper.

use super::flow::{Flow, Style};
use super::{BOTTOM, LEFT, RIGHT, TOP, table};
use crate::draw::LIGHT;
use crate::figures::{gravity, scale};
use crate::page::{Drawing, Part, Problem, Reading, Section, outline};
use crate::text::number;

/// The maker's sign, the title, and the facts under it.
pub(super) fn opening(flow: &mut Flow, title: &str, facts: &str) {
    let y = flow.y;
    flow.draw(&format!(
        "<path d=\"M{LEFT} {}v-1.6a4.6 4.6 0 0 1 4.6 -4.6h4.4a4.6 4.6 0 0 1 4.6 4.6v1.6\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\"/>\n",
        y + 1.0,
        LIGHT.series[1]
    ));
    flow.draw(&format!(
        "<text x=\"{}\" y=\"{:.2}\" font-size=\"7.8\" letter-spacing=\"1.7\" fill=\"{}\">tonmeister</text>\n",
        LEFT + 20.0,
        y + 1.0,
        LIGHT.quiet
    ));
    flow.y += 26.0;
    let style = Style { leading: 1.14, ..Style::bold(27.0) };
    let lines = flow.wrap(title, style, RIGHT - LEFT);
    flow.y += flow.lines((LEFT, flow.y), &lines, style) + 5.0;
    let style = Style { ink: LIGHT.quiet, ..Style::body() };
    for line in facts.lines() {
        flow.paragraph(line, style);
    }
    flow.y += 12.0;
}

/// How much has to fit below a heading for it to stand there: the first words, and the beginning of what they lead to.
fn first(parts: &[Part]) -> f64 {
    match parts {
        [Part::Figure(drawing), ..] => height(drawing) + 60.0,
        [Part::Table(_), ..] => 70.0,
        [Part::Problems(_) | Part::Said(_), ..] => 60.0,
        [Part::Words(_), rest @ ..] if !rest.is_empty() => 34.0 + first(rest).min(90.0),
        _ => 40.0,
    }
}

pub(super) fn section(flow: &mut Flow, section: &Section) {
    if section.own_sheet && !flow.fresh() {
        flow.turn();
    }
    if section.title.is_empty() {
        flow.space(12.0);
    } else {
        let style = Style::bold(if section.own_sheet { 19.0 } else { 14.5 });
        flow.space(24.0);
        let lines = flow.wrap(&section.title, style, RIGHT - LEFT);
        flow.need(style.line() * lines.len() as f64 + first(section.parts()));
        flow.bookmark(&section.title);
        flow.y += flow.lines((LEFT, flow.y), &lines, style) + 7.0;
    }
    for part in section.parts() {
        one(flow, part);
    }
}

fn one(flow: &mut Flow, part: &Part) {
    match part {
        Part::Words(text) => {
            flow.paragraph(text, Style::body());
            flow.y += 5.0;
        }
        Part::Verdict(text) => {
            flow.paragraph(text, Style { size: 13.5, ink: LIGHT.text, leading: 1.4, ..Style::body() });
            flow.y += 6.0;
        }
        Part::Heading(text) => {
            flow.space(8.0);
            let style = Style::bold(10.5);
            flow.need(70.0);
            let lines = flow.wrap(text, style, RIGHT - LEFT);
            flow.y += flow.lines((LEFT, flow.y), &lines, style) + 4.0;
        }
        Part::Table(of) => table::table(flow, of),
        Part::Figure(drawing) => figure(flow, drawing),
        Part::Said(all) => said(flow, all),
        Part::Readings(all) => readings(flow, all),
        Part::Problems(all) => problems(flow, all),
        Part::Sources(all) => {
            flow.space(4.0);
            for source in all {
                flow.paragraph(source, Style { size: 7.2, ..Style::small() });
            }
            flow.y += 4.0;
        }
    }
}

/// The width of a drawing fills the sheet; one that is too high for a sheet is made smaller.
fn factor(drawing: &Drawing) -> f64 {
    let (wide, high) = drawing.size;
    ((RIGHT - LEFT) / wide).min((BOTTOM - TOP - 70.0) / high.max(1.0))
}

fn height(drawing: &Drawing) -> f64 {
    drawing.size.1 * factor(drawing)
}

fn figure(flow: &mut Flow, drawing: &Drawing) {
    let style = Style::small();
    let title = Style::bold(10.0);
    let caption = flow.wrap(&drawing.caption, style, (RIGHT - LEFT).min(style.size * 62.0));
    // The legend stands at the right of the title; what does not fit there goes below.
    let wide = |flow: &Flow, text: &str| 15.0 + flow.letters.width(text, false) * style.size + 14.0;
    let names: Vec<(String, &str)> =
        drawing.legend.iter().map(|(text, ink)| (flow.letters.cut(text, false, 24.0), LIGHT.ink(*ink))).collect();
    let mut rows: Vec<Vec<(f64, String, &str)>> = vec![Vec::new()];
    let room = RIGHT - LEFT;
    let (mut left, mut used) = (flow.letters.width(&drawing.title, true) * title.size + 24.0, 0.0);
    for (text, ink) in names {
        let each = wide(flow, &text);
        if left + used + each > room + 14.0 {
            rows.push(Vec::new());
            (left, used) = (0.0, 0.0);
        }
        if let Some(row) = rows.last_mut() {
            row.push((each, text, ink));
        }
        used += each;
    }
    let head = 15.0 + 11.0 * (rows.len() - 1) as f64;
    let high = height(drawing);
    let below = style.line() * caption.len() as f64;
    flow.space(6.0);
    flow.need(head + high + below + 8.0);
    flow.say((LEFT, flow.y + 9.4), &drawing.title.clone(), title);
    for (n, row) in rows.iter().enumerate() {
        let mut x = RIGHT + 14.0 - row.iter().map(|(each, ..)| each).sum::<f64>();
        let base = flow.y + 9.4 + 11.0 * n as f64;
        for (each, text, ink) in row {
            flow.draw(&format!(
                "<path d=\"M{x:.2} {:.2}h10\" stroke=\"{ink}\" stroke-width=\"2\" stroke-linecap=\"round\"/>\n",
                base - 2.7
            ));
            flow.say((x + 15.0, base), text, Style { ink: LIGHT.legend, ..style });
            x += each;
        }
    }
    flow.y += head;
    let across = drawing.size.0 * factor(drawing);
    let place = format!("<svg x=\"{LEFT}\" y=\"{:.2}\" width=\"{across:.2}\" height=\"{high:.2}\" ", flow.y);
    flow.draw(&drawing.svg.replacen("<svg ", &place, 1));
    flow.y += high + 1.0;
    flow.y += flow.lines((LEFT, flow.y), &caption, style) + 10.0;
}

fn said(flow: &mut Flow, all: &[(String, String)]) {
    let style = Style::body();
    let quiet = Style { ink: LIGHT.quiet, ..style };
    let widest = all.iter().map(|(about, _)| flow.letters.width(about, false) * style.size).fold(0.0, f64::max);
    let column = widest.min(120.0) + 16.0;
    flow.space(6.0);
    for (about, words) in all {
        let names = flow.wrap(about, quiet, column - 10.0);
        let lines = flow.wrap(words, style, (RIGHT - LEFT - column).min(style.size * 44.0));
        let high = style.line() * lines.len().max(names.len()) as f64;
        flow.need(high);
        let top = flow.y;
        flow.lines((LEFT, top), &names, quiet);
        flow.lines((LEFT + column, top), &lines, style);
        flow.y += high + 4.0;
    }
    flow.y += 4.0;
}

fn readings(flow: &mut Flow, all: &[Reading]) {
    const GAP: f64 = 16.0;
    let each = (RIGHT - LEFT + GAP) / all.len().max(1) as f64;
    let wide = each - GAP;
    let high = 40.0 + wide / 6.0;
    flow.space(8.0);
    flow.need(high);
    for (n, reading) in all.iter().enumerate() {
        let (x, y) = (LEFT + each * n as f64, flow.y);
        flow.say((x, y + 8.0), reading.name, Style::small());
        let text = reading.value.map_or("–".into(), |value| number(value, reading.places));
        let style = Style { bold: false, ..Style::bold(20.0) };
        flow.say((x, y + 29.0), &text, style);
        let beside = x + flow.letters.width(&text, false) * style.size + 3.0;
        flow.say((beside, y + 29.0), reading.unit, Style::small());
        let svg = scale(LIGHT, &format!("scale-{n}"), &reading.scale, reading.value);
        let place =
            format!("<svg x=\"{x:.2}\" y=\"{:.2}\" width=\"{wide:.2}\" height=\"{:.2}\" ", y + 36.0, wide / 6.0);
        flow.draw(&svg.replacen("<svg ", &place, 1));
    }
    flow.y += high + 8.0;
}

fn problems(flow: &mut Flow, all: &[Problem]) {
    const COLUMN: f64 = 92.0;
    if all.is_empty() {
        flow.paragraph("Nothing that looks like a fault.", Style::body());
        return;
    }
    let style = Style { size: 9.0, leading: 1.42, ..Style::body() };
    let (strong, small) = (Style { ink: LIGHT.text, ..style }, Style { size: 8.0, ink: LIGHT.quiet, ..style });
    for problem in all {
        let (ink, mark, word) = gravity(problem.severity);
        let ink = LIGHT.ink(ink);
        let place = problem.at.as_ref().map_or("the whole file", |(when, _)| when.as_str());
        let comma = if problem.channel.is_empty() { "" } else { ", " };
        let place = format!("{place}{comma}{}", problem.channel);
        let width = RIGHT - LEFT - COLUMN;
        let place = flow.wrap(&place, small, COLUMN - 24.0);
        let texts = [(&problem.what, strong), (&problem.remedy, style), (&problem.why, small)];
        let texts = texts
            .map(|(text, style)| (if text.is_empty() { Vec::new() } else { flow.wrap(text, style, width) }, style));
        let right: f64 = texts.iter().map(|(lines, style)| style.line() * lines.len() as f64).sum();
        let left = style.line() + small.line() * place.len() as f64;
        let high = right.max(left) + 11.0;
        flow.need(high);
        let top = flow.y;
        flow.rule((LEFT, RIGHT), top);
        flow.draw(&format!(
            "<path transform=\"translate({LEFT} {:.2}) scale(.62)\" d=\"{}\" fill=\"{ink}\"/>\n",
            top + 6.2,
            outline(mark)
        ));
        flow.lines((LEFT + 14.0, top + 5.5), &[word.to_string()], Style { bold: true, ink, ..style });
        flow.lines((LEFT + 14.0, top + 5.5 + style.line()), &place, small);
        let mut y = top + 5.5;
        for (lines, style) in &texts {
            y += flow.lines((LEFT + COLUMN, y), lines, *style);
        }
        flow.y = top + high;
    }
    flow.rule((LEFT, RIGHT), flow.y);
    flow.y += 10.0;
}
