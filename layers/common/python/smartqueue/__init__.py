"""What two or more Lambda functions share."""

from smartqueue.garbage import be_patient

be_patient()
