extends Node
## Starts the map server by the command line, and ends it with a goodbye.

@onready var server: RealmMapServer = $RealmMapServer


func _ready() -> void:
	get_tree().auto_accept_quit = false
	var arguments := OS.get_cmdline_user_args()
	for at: int in range(0, arguments.size() - 1, 2):
		var value := arguments[at + 1]
		match arguments[at]:
			"--directory":
				server.directory = value
			"--token":
				server.token = value
			"--id":
				server.id = value
			"--port":
				server.port = value.to_int()
			"--map":
				server.maps = [value.to_int()]
			_:
				push_error("unknown argument: ", arguments[at])
	server.registered.connect(func() -> void: print("Registered with ", server.directory))
	server.failed.connect(func(what: String) -> void: push_warning(what))
	server.start()


func _notification(what: int) -> void:
	if what == NOTIFICATION_WM_CLOSE_REQUEST:
		await server.stop()
		get_tree().quit()
