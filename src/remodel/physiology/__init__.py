"""What happens in the body: one mechanism a file, equations only.

References are given by name and year; their full citations stand in the parameter tables
(``src/remodel/parameters/sets/reference``) and on the pages of the documentation.
"""
