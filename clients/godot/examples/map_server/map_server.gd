class_name RealmMapServer
extends Node
## A map server of your own, in the directory of Realmgate: it registers, beats, and goes with a
## goodbye, as docs/contract.md says. Players are told to come to its address; what it speaks with
## them there is its own.
##
## Start one headless:
## [codeblock]
## godot --headless res://examples/map_server/main.tscn -- \
##     --directory http://127.0.0.1:3001 --token TOKEN --map 7
## [/codeblock]

## The directory knows this server now; again after each time that it had forgotten it.
signal registered
## Something did not work; it is tried again.
signal failed(what: String)

## Longest pause between two tries to register, in seconds, and how much longer each is than the
## one before.
const LONGEST_PAUSE := 15.0
const PAUSE_STEP := 5.0

## The address of the directory.
@export var directory := "http://127.0.0.1:3001"
## The service token, which the directory asks for.
@export var token := ""
## How the server is known.
@export var id := "godot-map-server"
## Its name, for people.
@export var server_name := "Godot Map Server"
## Where players come to.
@export var ip := "127.0.0.1"
## The port that they come to.
@export var port := 4100
## The maps that it hosts.
@export var maps: Array[int] = [1]
## How many players it has room for.
@export var max_players := 100

## How many players it has now: told with the next beat.
var current_players := 0
## How busy it is, 0 to 1: told with the next beat.
var load_share := 0.0

var _cookie := ""
var _beat_every := 15.0
var _runs := false


## Registers, and beats from then on.
func start() -> void:
	_runs = true
	while _runs and not await _register():
		pass
	while _runs:
		await get_tree().create_timer(_beat_every).timeout
		if _runs:
			await beat()


## Tells the directory how it is. It does so by itself; also when asked to.
func beat() -> void:
	var body := {"id": id, "current_players": current_players, "load": load_share}
	var answer := await _ask(HTTPClient.METHOD_POST, "/map-registry/heartbeat", body)
	if answer.status == HTTPClient.RESPONSE_NOT_FOUND:
		# It was silent for too long, or the directory is another one.
		await _register()
	elif answer.status != HTTPClient.RESPONSE_OK:
		failed.emit("the beat: %s" % answer.text)


## Leaves the directory.
func stop() -> void:
	_runs = false
	await _ask(HTTPClient.METHOD_DELETE, "/map-registry/server/%s" % id.uri_encode(), {})


func _register() -> bool:
	var body := {
		"id": id,
		"name": server_name,
		"ip": ip,
		"port": port,
		"supported_maps": maps,
		"max_players": max_players,
	}
	if not _cookie.is_empty():
		body["cookie"] = _cookie
	var pause := 0.0
	while _runs:
		var answer := await _ask(HTTPClient.METHOD_POST, "/map-registry/register", body)
		if answer.status == HTTPClient.RESPONSE_CREATED or answer.status == HTTPClient.RESPONSE_OK:
			_cookie = str(answer.body.get("cookie", ""))
			var milliseconds: float = answer.body.get("heartbeat_interval_ms", 15_000.0)
			_beat_every = milliseconds / 1000.0
			registered.emit()
			return true
		failed.emit("to register: %s" % answer.text)
		pause = minf(pause + PAUSE_STEP, LONGEST_PAUSE)
		await get_tree().create_timer(pause).timeout
	return false


func _ask(method: HTTPClient.Method, path: String, body: Dictionary) -> Answer:
	var request := HTTPRequest.new()
	request.timeout = 10.0
	add_child(request)
	var headers := ["Authorization: Bearer " + token, "Content-Type: application/json"]
	var answer := Answer.new()
	var text := "" if body.is_empty() else JSON.stringify(body)
	if request.request(directory + path, headers, method, text) == OK:
		var completed: Array = await request.request_completed
		answer.take(completed)
	request.queue_free()
	return answer


## What the directory answers.
class Answer:
	## The HTTP status; 0 where nobody answers.
	var status := 0
	## The body, where it is JSON.
	var body := {}
	## What went wrong, for people.
	var text := "nobody answers"

	func take(completed: Array) -> void:
		if completed[0] != HTTPRequest.RESULT_SUCCESS:
			return
		status = completed[1]
		var bytes: PackedByteArray = completed[3]
		var parsed: Variant = (
			JSON.parse_string(bytes.get_string_from_utf8()) if bytes.size() > 0 else null
		)
		if parsed is Dictionary:
			body = parsed
		text = "%d %s" % [status, body.get("detail", "")]
