//! The tree: blocks, and the inlines in them. Small on purpose: what no platform can show is not in it.

/// A block of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Inline>),
    /// A heading.
    Heading {
        /// 1 for the largest, 6 for the smallest.
        level: u8,
        /// What it says.
        text: Vec<Inline>,
    },
    /// A list.
    List(List),
    /// What somebody else said.
    Quote(Vec<Block>),
    /// Text in a fixed-width font, line by line.
    Fence {
        /// The programming language; empty when none is given.
        language: String,
        /// The lines, without the last line break.
        code: String,
    },
    /// A table.
    Table(Table),
    /// A line across.
    Rule,
}

/// A list of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The number of the first item; none when items are not numbered.
    pub start: Option<u64>,
    /// The items.
    pub items: Vec<Item>,
}

/// One item of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Whether it is done, when it is a task.
    pub task: Option<bool>,
    /// It goes on with an item that was cut, so it has no mark of its own.
    pub continued: bool,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// What is in one cell of a table.
pub type Cell = Vec<Inline>;

/// A table. Rows may have fewer or more cells than the head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// How columns are aligned.
    pub columns: Vec<Align>,
    /// The first row, with the names of the columns.
    pub head: Vec<Cell>,
    /// The other rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// How many columns the widest row has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).chain([self.head.len()]).max().unwrap_or(0)
    }

    /// How a column is aligned.
    #[must_use]
    pub fn align(&self, column: usize) -> Align {
        self.columns.get(column).copied().unwrap_or_default()
    }
}

/// How the cells of a column are aligned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Align {
    /// At the left.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right.
    Right,
}

/// A stretch of running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// Characters that stand for themselves.
    Text(String),
    /// Bold.
    Bold(Vec<Inline>),
    /// Italic.
    Italic(Vec<Inline>),
    /// Struck through.
    Strike(Vec<Inline>),
    /// Code.
    Code(String),
    /// A formula in TeX.
    Math {
        /// It stands on a line of its own.
        display: bool,
        /// The formula, without the dollars.
        source: String,
    },
    /// A link.
    Link {
        /// Where it leads.
        url: String,
        /// What it says.
        text: Vec<Inline>,
    },
    /// A line break.
    Break,
}

impl Inline {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A formula as it was written.
    #[must_use]
    pub fn formula(display: bool, source: &str) -> String {
        let mark = if display { "$$" } else { "$" };
        format!("{mark}{source}{mark}")
    }
}
