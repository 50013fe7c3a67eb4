extends SceneTree
## The example of a map server registers with a directory, beats, is looked up, and deregisters.
## Arguments: the directory's address, and the service token.

const MapServer := preload("res://examples/map_server/map_server.gd")
const MAP := 7


func _initialize() -> void:
	play()


func play() -> void:
	# Only then nodes can ask.
	await process_frame
	var arguments := OS.get_cmdline_user_args()
	var server: MapServer = MapServer.new()
	server.directory = arguments[0]
	server.token = arguments[1]
	server.maps = [MAP]
	root.add_child(server)
	if await look_up(server) != 404:
		return fail("nobody hosts the map yet")
	server.start()
	await server.registered
	if await look_up(server) != 200:
		return fail("it is registered, and not looked up")
	server.current_players = server.max_players
	await server.beat()
	if await look_up(server) != 404:
		return fail("it has told that it is full, and is looked up all the same")
	server.current_players = 3
	await server.beat()
	if await look_up(server) != 200:
		return fail("it has told that it has room, and is not looked up")
	await server.stop()
	if await look_up(server) != 404:
		return fail("it has gone, and is looked up all the same")
	print("registered, looked up, full, with room, and gone")
	quit(0)


func look_up(server: MapServer) -> int:
	var request := HTTPRequest.new()
	root.add_child(request)
	request.request(
		"%s/map-registry/map/%d" % [server.directory, MAP],
		["Authorization: Bearer " + server.token]
	)
	var completed: Array = await request.request_completed
	request.queue_free()
	return completed[1]


func fail(what: String) -> void:
	printerr("FAILED: ", what)
	quit(1)
