"""A report of runs: one HTML file that opens offline, and a model card, from what the runs' folders hold.

- `facts`: what is known of a run, as plain data.
- `reading`: the facts of a run, from its journal, its configuration and its files.
- `deeds`: what a person did in a run, and what the program did by itself, in words.
- `caveats`: what a reader has to know before believing the figures.
- `difference`: by how much one arm's best weights are more accurate than another's.
- `comparison`: the pretrained arm against the one from scratch, epoch by epoch.
- `runs_compared`: several runs: in what their settings differ, and what each arm came to; `runs_tables`: that as text.
- `scored_pictures`: whether two runs were scored on the same pictures.
- `mistakes`: precision and recall of each class, the confusion matrix, the worst mistakes with thumbnails.
- `settings`: what a recipe chose, and the commands that make the run again.
- `charts`: which lines are drawn; `svg` draws them.
- `text`: numbers as text.
- `page`: the HTML file, from the templates beside it; all text in it is escaped.
- `card`: the model card.
- `writing`: puts both into a folder.

Loads no torch. May import `service`, `figures` and every room below those.
"""
