"""Frozen networks whose features others imitate."""

from mmmtl.models.teachers.timm_teacher import TimmTeacher

__all__ = ['TimmTeacher']
