"""A page in the browser for observers: drop a table of stars or HI maps, get a mass profile and its report.

`stargas.serve.app` answers requests and never opens an upload; `stargas.serve.worker` reads the files and infers, in
processes of their own (`stargas.serve.pool`) that may read nothing outside the job's folder (`stargas.sandbox`).
"""
