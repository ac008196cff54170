//! Tables on paper: columns as wide as they need to be, rows that are not torn, a head that comes again on every sheet.

use super::flow::{Flow, Style};
use super::{BOTTOM, LEFT, RIGHT, TOP};
use crate::draw::LIGHT;
use crate::page::Table;

/// A cell of so many letters is a sentence: its column begins at the left.
const SENTENCE: usize = 30;

/// Between columns; less where there are many.
fn gap(columns: usize) -> f64 {
    if columns > 10 { 6.0 } else { 11.0 }
}

/// A column: as wide as its words stand in one line, and as narrow as they can be broken.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    natural: f64,
    least: f64,
}

pub(super) fn table(flow: &mut Flow, table: &Table) {
    let columns = table.rows.iter().map(Vec::len).max().unwrap_or(0).max(table.head.len());
    if columns == 0 {
        return;
    }
    let size = match columns {
        ..10 => 8.2,
        10..=12 => 7.4,
        _ => 6.6,
    };
    let style = Style { size, ink: LIGHT.text, leading: 1.32, ..Style::body() };
    let quiet = Style { ink: LIGHT.quiet, ..style };
    let head = Style { size: style.size - 0.5, ..quiet };
    let widths = widths(flow, table, columns, (style, head));
    let headed = table.head.iter().any(|text| !text.is_empty());
    let heads = cells(flow, &table.head, &widths, head);
    let caption = flow.wrap(&table.caption, Style::small(), RIGHT - LEFT);
    flow.space(5.0);
    let rows: Vec<f64> = table.rows.iter().map(|row| row_height(&cells(flow, row, &widths, style), style)).collect();
    let above =
        Style::small().line() * caption.len() as f64 + 3.0 + if headed { row_height(&heads, head) } else { 0.0 };
    // A small table is not torn; of a large one no head is left alone.
    let (whole, two) = (rows.iter().sum::<f64>(), rows.iter().take(2).sum::<f64>());
    flow.need(above + if whole < (BOTTOM - TOP) / 3.0 { whole } else { two.min((BOTTOM - TOP) / 2.0) });
    flow.y += flow.lines((LEFT, flow.y), &caption, Style::small()) + 3.0;
    let begin = |flow: &mut Flow| {
        if headed {
            row(flow, table, &heads, &widths, (head, head));
        }
    };
    begin(flow);
    for one in &table.rows {
        let lines = cells(flow, one, &widths, style);
        // A row that is higher than a sheet goes on on the next.
        let most = (((BOTTOM - TOP - 40.0) / style.line()) as usize).max(1);
        let highest = lines.iter().map(Vec::len).max().unwrap_or(0);
        for from in (0..highest.max(1)).step_by(most) {
            let part = |cell: &Vec<String>| cell.iter().skip(from).take(most).cloned().collect();
            let part: Vec<Vec<String>> = lines.iter().map(part).collect();
            if flow.need(row_height(&part, style)) {
                begin(flow);
            }
            row(flow, table, &part, &widths, (quiet, style));
        }
    }
    flow.y += 9.0;
}

/// The width of each column, gaps left out.
fn widths(flow: &Flow, table: &Table, columns: usize, (style, head): (Style, Style)) -> Vec<f64> {
    let letters = flow.letters;
    let mut all = vec![Column::default(); columns];
    let rows = table.rows.iter().map(|row| (row, style)).chain([(&table.head, head)]);
    for (row, style) in rows {
        for (column, text) in all.iter_mut().zip(row) {
            column.natural = column.natural.max(letters.width(text, false) * style.size);
            column.least = column.least.max(letters.longest(text, false) * style.size);
        }
    }
    let room = RIGHT - LEFT - gap(columns) * (columns - 1) as f64;
    let natural: f64 = all.iter().map(|column| column.natural).sum();
    let least: f64 = all.iter().map(|column| column.least).sum();
    if natural <= room {
        // What is left over goes between the columns of numbers, and behind the last of sentences.
        let share = if table.prose || columns == 1 { 0.0 } else { (room - natural) / columns as f64 };
        return all.iter().map(|column| column.natural + share).collect();
    }
    if least <= room {
        let part = (room - least) / (natural - least).max(1e-9);
        return all.iter().map(|column| column.least + (column.natural - column.least) * part).collect();
    }
    // Words that are too long for their share are broken, the others stay whole.
    let mut widths: Vec<Option<f64>> = vec![None; columns];
    loop {
        let open = widths.iter().filter(|width| width.is_none()).count();
        let left = room - widths.iter().flatten().sum::<f64>();
        let share = left / open.max(1) as f64;
        let fits = (0..columns).find(|n| widths[*n].is_none() && all[*n].least <= share);
        match fits {
            Some(n) => widths[n] = Some(all[n].least),
            None => return widths.into_iter().map(|width| width.unwrap_or(share)).collect(),
        }
    }
}

fn cells(flow: &Flow, row: &[String], widths: &[f64], style: Style) -> Vec<Vec<String>> {
    // A hair more than measured, so that rounding breaks nothing.
    row.iter().zip(widths).map(|(text, width)| flow.wrap(text, style, width + 0.05)).collect()
}

fn row_height(cells: &[Vec<String>], style: Style) -> f64 {
    style.line() * cells.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64 + 5.0
}

fn row(flow: &mut Flow, table: &Table, cells: &[Vec<String>], widths: &[f64], (first, style): (Style, Style)) {
    let high = row_height(cells, style);
    let (top, mut x) = (flow.y + 2.0, LEFT);
    for (n, (lines, width)) in cells.iter().zip(widths).enumerate() {
        let style = if n == 0 { first } else { style };
        let sentence = |row: &Vec<String>| row.get(n).is_some_and(|cell| cell.chars().count() >= SENTENCE);
        if n == 0 || table.prose || table.rows.iter().any(sentence) {
            flow.lines((x, top), lines, style);
        } else {
            flow.lines((x + width, top), lines, style.at_end());
        }
        x += width + gap(widths.len());
    }
    flow.y += high;
    flow.rule((LEFT, RIGHT), flow.y - 1.0);
}
