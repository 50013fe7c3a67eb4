extends SceneTree
## Measures the add-on's own share of the demo's frames: from before the client to after the world.
## Arguments: the server's address, how many things should be in view at least, and the share that
## may be reached in 95 % of the frames, in milliseconds; 0 for any.

const Visitor := preload("res://tests/visitor.gd")
const FRAMES := 1200
## Around the add-on's own priorities, 1000 and 1001.
const BEFORE := 999
const AFTER := 1002


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	var wanted := arguments[1].to_int()
	var bound_ms := arguments[2].to_float()
	Engine.max_fps = 60
	var visitor := Visitor.new(arguments[0])
	root.add_child(visitor)
	# Only then it is ready.
	await process_frame
	await visitor.enter("Framer", "Framer")
	var world := visitor.world()
	var enough := func() -> bool: return world.entities().size() >= wanted
	await visitor.until(enough, "%d in view" % wanted)
	var watch := Watch.new()
	root.add_child(watch)
	root.add_child(Bell.new(watch))
	var fewest := world.entities().size()
	while watch.shares.size() < FRAMES:
		await process_frame
		fewest = mini(fewest, world.entities().size())
	watch.shares.sort()
	var half := watch.shares[FRAMES / 2] / 1000.0
	var most := watch.shares[FRAMES * 95 / 100] / 1000.0
	print(
		(
			"%d in view at least: %.2f ms in half of the frames, %.2f at most in 95 %%"
			% [fewest, half, most]
		)
	)
	if fewest < wanted:
		return visitor.fail("not all of them stayed in view")
	if bound_ms > 0.0 and most > bound_ms:
		return visitor.fail("the add-on takes %.2f ms of a frame: more than %s" % [most, bound_ms])
	await visitor.main.client.leave_world().finished
	quit(0)


## Looks at the clock before the add-on, and keeps how long it took.
class Watch:
	extends Node
	var began := 0
	var shares: Array[int] = []

	func _init() -> void:
		process_priority = BEFORE

	func _process(_delta: float) -> void:
		began = Time.get_ticks_usec()


## Looks at it after the add-on.
class Bell:
	extends Node
	var watch: Watch

	func _init(of: Watch) -> void:
		watch = of
		process_priority = AFTER

	func _process(_delta: float) -> void:
		watch.shares.append(Time.get_ticks_usec() - watch.began)
