extends RefCounted
## The colours of the page, for panels and for what stands over the world.

const GROUND := Color("1b1512f2")
const EDGE := Color("8a6a3b")
const EDGE_PX := 2
const MARGIN_PX := 8.0


## A box with an edge, for panels.
static func box() -> StyleBoxFlat:
	var made := StyleBoxFlat.new()
	made.bg_color = GROUND
	made.border_color = EDGE
	made.set_border_width_all(EDGE_PX)
	made.set_corner_radius_all(4)
	made.set_content_margin_all(MARGIN_PX)
	return made
