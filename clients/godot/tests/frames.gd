extends SceneTree
## Measures the add-on's own share of a frame: from before the client to after the world.
## Arguments: the server's address, a name, and how many things should be in view at least.

const Player := preload("res://tests/player.gd")
const FRAMES := 600
## Around the add-on's own priorities, 1000 and 1001.
const BEFORE := 999
const AFTER := 1002


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	Engine.max_fps = 60
	var player: Player = Player.new()
	root.add_child(player)
	await player.enter(arguments[0], arguments[1])
	var enough := func() -> bool: return player.world.entities().size() >= arguments[2].to_int()
	await player.until(enough, 60.0, "%s in view" % arguments[2])
	var watch := Watch.new()
	root.add_child(watch)
	root.add_child(Bell.new(watch))
	while watch.shares.size() < FRAMES:
		await process_frame
	watch.shares.sort()
	var half := watch.shares[FRAMES / 2] / 1000.0
	var most := watch.shares[FRAMES * 95 / 100] / 1000.0
	var seen := player.world.entities().size()
	print("%d in view: %.2f ms in half of the frames, %.2f in 95 %%" % [seen, half, most])
	await player.done(player.client.leave_world())
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
