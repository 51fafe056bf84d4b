"""Pictures that are kept: a folder, how long each class stays, and who looked at what was not to be seen."""
