"""The subcommands, a module each, with a `main` that loads no more than it needs."""

COMMANDS = {
    "start": "train in the background",
    "attach": "show a live run, and steer it",
    "view": "look at a run that is over",
    "lr-find": "find a learning rate for a run before it starts",
    "predict": "label pictures with a trained model",
    "report": "write a run's result as an HTML file and a model card",
    "runs": "list live and finished runs",
    "relay": "",
}
"what each does, for the help; `relay` is for the other end of ssh, not for people"
