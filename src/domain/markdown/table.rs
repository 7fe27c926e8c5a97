//! Tables for platforms that have none: columns in a fixed-width font, or a list of records when they would be too wide.

use unicode_width::UnicodeWidthStr;

use crate::domain::markdown::plain::flat;
use crate::domain::markdown::tree::{Align, Block, Cell, Inline, Item, List, Table};

/// The table in aligned columns; none when a line would be wider than `widest` columns.
#[must_use]
pub fn grid(table: &Table, widest: usize) -> Option<String> {
    let text = |row: &[Cell]| row.iter().map(|cell| flat(cell)).collect::<Vec<_>>();
    let head = text(&table.head);
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| text(row)).collect();
    let widths: Vec<usize> = (0..table.width())
        .map(|column| rows.iter().chain([&head]).filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    if widths.iter().sum::<usize>() + 3 * widths.len().saturating_sub(1) > widest {
        return None;
    }
    let line = |row: &[String]| {
        let cell =
            |(column, width): (usize, &usize)| pad(row.get(column).map_or("", String::as_str), *width, table.align(column));
        let line = widths.iter().enumerate().map(cell).collect::<Vec<_>>().join(" | ");
        line.trim_end().to_owned()
    };
    let below = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("-+-");
    let lines: Vec<String> = [line(&head), below].into_iter().chain(rows.iter().map(|row| line(row))).collect();
    Some(lines.join("\n"))
}

fn pad(cell: &str, width: usize, align: Align) -> String {
    let room = width.saturating_sub(cell.width());
    let before = match align {
        Align::Left => 0,
        Align::Center => room / 2,
        Align::Right => room,
    };
    format!("{}{cell}{}", " ".repeat(before), " ".repeat(room - before))
}

/// The table as text: the names of the columns, then each row as an item with a line for each cell.
#[must_use]
pub fn records(table: &Table) -> Vec<Block> {
    let mut names: Vec<Inline> = Vec::new();
    for name in table.head.iter().filter(|name| !name.is_empty()) {
        if !names.is_empty() {
            names.push(Inline::text(" · "));
        }
        names.extend(name.iter().cloned());
    }
    let items: Vec<Item> = table.rows.iter().map(|row| record(table, row)).filter(|item| !item.blocks.is_empty()).collect();
    let mut blocks = Vec::new();
    if !names.is_empty() {
        blocks.push(Block::Paragraph(vec![Inline::Bold(names)]));
    }
    if !items.is_empty() {
        blocks.push(Block::List(List { start: None, items }));
    }
    blocks
}

fn record(table: &Table, row: &[Cell]) -> Item {
    let mut lines: Vec<Inline> = Vec::new();
    for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        if !lines.is_empty() {
            lines.push(Inline::Break);
        }
        if let Some(name) = table.head.get(column).filter(|name| !name.is_empty()) {
            lines.extend([Inline::Bold(name.clone()), Inline::text(": ")]);
        }
        lines.extend(cell.iter().cloned());
    }
    let blocks = if lines.is_empty() { Vec::new() } else { vec![Block::Paragraph(lines)] };
    Item { blocks, ..Item::default() }
}
