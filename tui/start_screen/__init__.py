"""What `finetune-tui` shows before there is a run: a demo, a folder, a configuration or a past run is chosen."""
