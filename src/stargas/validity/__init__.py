"""Is this galaxy like those that a model learned from?"""
