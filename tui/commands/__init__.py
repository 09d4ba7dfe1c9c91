"""The subcommands, a module each, with a `main` that loads no more than it needs."""

COMMANDS = {
    "start": "train in the background",
    "attach": "show a live run, and steer it",
    "view": "look at a run that is over",
    "choose": "try several models on your pictures, and say which one suits them",
    "doctor": "say what is wrong with pictures before they are trained on",
    "predict": "label pictures with a trained model",
    "runs": "list live and finished runs",
    "relay": "",
}
"what each does, for the help; `relay` is for the other end of ssh, not for people"

OF_THE_ENGINE = ("models", "lr-find", "evaluate", "export", "report", "follow", "clinic", "tidy")
"subcommands of `python -m engine` that are the same here"
