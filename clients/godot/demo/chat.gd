extends VBoxContainer
## The chat: the lines that were said, and a field with the commands of the page: /w NAME TEXT
## whispers (a name with spaces stands in quotes, as in /w "Ada the Third" hello), /p TEXT speaks
## to the party, /invite NAME and /leave are the party's, /ignore NAME and /unignore NAME silence
## somebody.

const LINES := 50

var client: RealmClient
var _log := RichTextLabel.new()
var _line := LineEdit.new()


func begin(of: RealmClient) -> void:
	client = of
	_log.size_flags_vertical = Control.SIZE_EXPAND_FILL
	_log.scroll_following = true
	_log.focus_mode = Control.FOCUS_NONE
	_line.placeholder_text = "Enter to write"
	_line.max_length = 240
	add_child(_log)
	add_child(_line)
	_line.text_submitted.connect(_on_submitted)
	client.chat.said.connect(_on_said)
	client.chat.whisper_sent.connect(
		func(to: String, text: String) -> void: say("to %s: %s" % [to, text])
	)
	client.chat.refused.connect(func(error: RealmError) -> void: say(error.text))


## The keyboard writes here from now on.
func write() -> void:
	_line.grab_focus()


## Adds a line. What others write is text, never markup.
func say(line: String) -> void:
	_log.add_text(line + "\n")
	while _log.get_paragraph_count() > LINES:
		_log.remove_paragraph(0)


func _on_said(scope: StringName, from: String, text: String) -> void:
	if scope == &"realm":
		say("Announcement: " + text)
		return
	var how := "" if scope == &"channel" else " (%s)" % scope
	say("%s%s: %s" % [from, how, text])


func _on_submitted(text: String) -> void:
	_line.clear()
	_line.release_focus()
	if text.is_empty():
		return
	var rest := text.substr(text.find(" ") + 1).strip_edges() if " " in text else ""
	match text.get_slice(" ", 0):
		"/w":
			_whisper(rest)
		"/p":
			client.chat.say_to_party(rest)
		"/invite":
			client.party.invite(_unquoted(rest))
		"/leave":
			client.party.leave()
		"/ignore":
			client.chat.ignore(_unquoted(rest))
		"/unignore":
			client.chat.unignore(_unquoted(rest))
		_:
			client.chat.say(text)


func _unquoted(spoken: String) -> String:
	return spoken.trim_prefix('"').trim_suffix('"')


func _whisper(rest: String) -> void:
	var is_quoted := rest.begins_with('"')
	var spoken := rest.trim_prefix('"')
	var to := spoken.get_slice('"' if is_quoted else " ", 0)
	client.chat.whisper(to, spoken.substr(to.length() + 1).strip_edges())
