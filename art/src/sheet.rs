//! Sheets: three views (down, up, right) by eight columns.

use crate::body::draw;
use crate::people::Look;
use crate::picture::Picture;
use crate::pose::{COLUMNS, DEAD, Pose, View};
use crate::sculpt::Sculpt;

/// The rows of a sheet.
pub const VIEWS: [View; 3] = [View::Front, View::Back, View::Side];

/// Draws a sheet by a function that draws one frame.
pub fn sheet(size: i32, frame: impl Fn(View, i32) -> Picture) -> Picture {
    let mut all = Picture::new(size * COLUMNS, size * 3);
    for (row, view) in (0..).zip(VIEWS) {
        for column in 0..COLUMNS {
            all.lay(&frame(view, column), column * size, row * size);
        }
    }
    all
}

/// The empty sculpture of a two-legged figure: standing, or lying where it is dead.
pub fn upright(size: i32, scale: f32, view: View, column: i32) -> Sculpt {
    let size_f = size as f32;
    let ground = size_f - size_f / 8.0;
    if column == DEAD {
        let turn = if view == View::Back { 84.0 } else { -84.0 };
        let side = if view == View::Back { -1.0 } else { 1.0 };
        let origin = (size_f / 2.0 + side * 15.0 * scale, ground - 7.5 * scale);
        return Sculpt::new(size, size, origin).scaled(scale).turned(turn);
    }
    Sculpt::new(size, size, (size_f / 2.0, ground)).scaled(scale)
}

/// The sheet of a person. Who only stands (a vendor) has the same picture in every column.
pub fn person(look: &Look, stands: bool) -> Picture {
    sheet(48, |view, column| {
        let column = if stands { 0 } else { column };
        let pose = Pose::of(view, column, look.style);
        let mut s = upright(48, 1.0, view, column);
        draw(&mut s, &pose, look);
        s.render()
    })
}
