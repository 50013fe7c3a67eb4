//! Pages of lists.

use serde::Serialize;

use super::input::Input;
use crate::field_limits::FieldLimits;

/// Rows of a page where the caller does not say.
const DEFAULT_SIZE: i64 = 25;
/// The last page that is looked for: far beyond any list.
const LAST: i64 = 1_000_000_000;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    number: i64,
    size: i64,
}

/// Page and counts of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Meta {
    /// Page number, from 1.
    page: i64,
    /// Maximum number of rows on a page.
    page_size: i64,
    /// Number of rows on this page.
    count: i64,
    /// Number of rows on all pages.
    total_count: i64,
    /// Number of pages; 0 if the list is empty.
    total_pages: i64,
    /// Whether there is a next page.
    has_more: bool,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Listed<T> {
    /// The rows of the page.
    pub data: Vec<T>,
    /// Page number and counts.
    pub meta: Meta,
}

impl Page {
    /// The page that a call asks for: the first of 25 rows, unless it says another.
    pub fn of(input: &Input, limits: &FieldLimits) -> Self {
        let most = limits.max_page_size.into();
        let number = input.number("page").unwrap_or(1).clamp(1, LAST);
        Self { number, size: input.number("page_size").unwrap_or(DEFAULT_SIZE).clamp(1, most) }
    }

    /// Most rows of it.
    pub fn limit(self) -> i64 {
        self.size
    }

    /// The page of as many rows on which the row with this number, from 1, is.
    pub fn with(self, row: i64) -> Self {
        Self { number: (row - 1) / self.size + 1, ..self }
    }

    /// The rows before it.
    pub fn offset(self) -> i64 {
        (self.number - 1) * self.size
    }

    /// Its number, from 1.
    pub fn number(self) -> i64 {
        self.number
    }

    /// How many pages `total` rows fill.
    pub fn pages(self, total: i64) -> i64 {
        (total + self.size - 1) / self.size
    }

    /// The rows of this page, of `total` in all.
    pub fn list<T>(self, data: Vec<T>, total: i64) -> Listed<T> {
        let meta = self.meta(data.len(), total);
        Listed { data, meta }
    }

    /// What is said of this page, which has `count` rows of `total` in all.
    pub fn meta(self, count: usize, total: i64) -> Meta {
        let total_pages = self.pages(total);
        Meta {
            page: self.number,
            page_size: self.size,
            count: i64::try_from(count).unwrap_or(i64::MAX),
            total_count: total,
            total_pages,
            has_more: self.number < total_pages,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_more() {
        let page = Page { number: 2, size: 25 };
        let has_more = |total| page.list(Vec::<u8>::new(), total).meta.has_more;
        assert_eq!([0, 50, 51].map(has_more), [false, false, true]);
        assert_eq!(
            page.list(vec![1, 2], 27).meta,
            Meta { page: 2, page_size: 25, count: 2, total_count: 27, total_pages: 2, has_more: false }
        );
        assert_eq!((page.offset(), Page { number: LAST, size: 1_000 }.offset()), (25, 999_999_999_000));
    }
}
