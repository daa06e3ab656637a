# The traceback of a missing module.
def load():
    import not_there_at_all
load()
